// The OpenAPI document and the routes are the same.
#include <set>

#include "integration/web_fixture.hpp"

namespace windlass::testing {
namespace {

TEST_F(Web, TheOpenApiDocumentHasEveryRouteAndNoOther) {
  start();
  const HttpReply reply = get("/api/openapi.json");
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-type"), "application/json");
  const codec::Value document = json(reply);
  std::set<std::string> documented, served;
  for (const auto& path : *document.find("paths")->get_if<codec::Value::Object>()) {
    for (const auto& method : *path.value.get_if<codec::Value::Object>()) {
      std::string name = method.key;
      for (char& c : name) c = static_cast<char>(::toupper(c));
      documented.insert(name + " " + path.key);
    }
  }
  for (const auto& route : server_->router().routes()) served.insert(route.method + " " + route.pattern);
  for (const std::string& route : served) EXPECT_TRUE(documented.contains(route)) << route << " is not in src/web/openapi.json";
  for (const std::string& route : documented) EXPECT_TRUE(served.contains(route)) << route << " is not served";
}

}  // namespace
}  // namespace windlass::testing
