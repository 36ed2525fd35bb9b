// Traces of the tool: from `enqueue` over `work --exec` into the command and what that enqueues, as a collector gets them.
#include <map>
#include <regex>
#include <sstream>

#include "cli_fixture.hpp"
#include "support/http_stub.hpp"

namespace windlass::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CliTraces : public Cli {
 protected:
  // The spans that came, by name.
  std::map<std::string, codec::Value> spans() const {
    std::map<std::string, codec::Value> spans;
    for (const std::string& request : collector_.requests()) {
      const auto body = codec::parse_json(request.substr(request.find("\r\n\r\n") + 4));
      if (!body) throw std::runtime_error(request);
      for (const auto& resource : *body->find("resourceSpans")->get_if<codec::Value::Array>()) {
        for (const auto& scope : *resource.find("scopeSpans")->get_if<codec::Value::Array>()) {
          for (const auto& span : *scope.find("spans")->get_if<codec::Value::Array>()) spans[at(span, "name")] = span;
        }
      }
    }
    return spans;
  }
  std::string traces() const { return collector_.url("/v1/traces"); }

  HttpStub collector_{[](const std::string&) { return HttpStub::ok("{}"); }};
};

TEST_F(CliTraces, OneTraceGoesFromClientToCommandToWhatThatEnqueues) {
  ASSERT_EQ(windlass({"--traces", traces(), "enqueue", "first"}).code, 0);
  const std::string enqueue = std::string(WINDLASS_TOOL) + " --broker " + broker() + " --traces " + traces() + " enqueue second";
  const Ran worked = work_all("first=" + enqueue, {"--exec", "second=sh -c 'printf %s $TRACEPARENT >" + path("seen") + "'", "--traces", traces()});
  ASSERT_EQ(worked.code, 0) << worked.err;
  const auto found = spans();
  ASSERT_EQ(found.size(), 4u);
  const std::string trace = at(found.at("enqueue first"), "traceId");
  EXPECT_EQ(trace.size(), 32u);
  for (const auto& [name, span] : found) EXPECT_EQ(at(span, "traceId"), trace) << name;
  EXPECT_EQ(at(found.at("enqueue first"), "parentSpanId"), "");
  EXPECT_EQ(at(found.at("process first"), "parentSpanId"), at(found.at("enqueue first"), "spanId"));
  EXPECT_EQ(at(found.at("enqueue second"), "parentSpanId"), at(found.at("process first"), "spanId"));
  EXPECT_EQ(at(found.at("process second"), "parentSpanId"), at(found.at("enqueue second"), "spanId"));
  EXPECT_EQ(read_file(path("seen")), "00-" + trace + "-" + at(found.at("process second"), "spanId") + "-01");
  EXPECT_THAT(collector_.requests()[0], StartsWith("POST /v1/traces HTTP/1.1\r\n"));
}

TEST_F(CliTraces, LinesOfARunCarryItsTrace) {
  ASSERT_EQ(windlass({"--traces", traces(), "enqueue", "t"}).code, 0);
  const Ran worked = work_all("t=sh -c 'echo hello >&2'", {"--log-format", "json"});
  EXPECT_THAT(worked.err, HasSubstr("\"trace\":\"" + at(spans().at("enqueue t"), "traceId") + "\""));
}

// "name=value" of a line of the log; "" if the line has none.
std::string field(const std::string& line, const std::string& name) {
  std::smatch found;
  return std::regex_search(line, found, std::regex(" " + name + "=([^ \n]+)")) ? found[1].str() : "";
}
// The first line with this text.
std::string line_with(const std::string& log, const std::string& text) {
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(text) != std::string::npos) return line;
  }
  return "";
}

TEST_F(CliTraces, LinesOfTasksSayWhichInBothForms) {
  ASSERT_EQ(windlass({"--traces", traces(), "enqueue", "t", "--id", "a", "--max-retry", "0"}).code, 0);
  const std::string rule = "t=sh -c 'echo words of the command >&2; exit 3'";
  const std::string text = work_all(rule).err;
  for (const char* what : {"words of the command", "task failed"}) {
    const std::string line = line_with(text, what);
    EXPECT_EQ(field(line, "task"), "a") << text;
    EXPECT_EQ(field(line, "queue"), "default");
    EXPECT_EQ(field(line, "type"), "t");
    EXPECT_EQ(field(line, "attempt"), "1");
    EXPECT_EQ(field(line, "trace").size(), 32u);
  }
  ASSERT_EQ(windlass({"--traces", traces(), "enqueue", "t", "--id", "b", "--max-retry", "0"}).code, 0);
  const std::string json = work_all(rule, {"--log-format", "json"}).err;
  for (const char* what : {"words of the command", "task failed"}) {
    const auto line = codec::parse_json(line_with(json, what));
    ASSERT_TRUE(line) << json;
    EXPECT_EQ(at(*line, "task"), "b");
    EXPECT_EQ(at(*line, "queue"), "default");
    EXPECT_EQ(at(*line, "type"), "t");
    EXPECT_EQ(at(*line, "attempt"), "1");
    EXPECT_EQ(at(*line, "trace").size(), 32u);
  }
}

TEST_F(CliTraces, WithoutTracesTheCommandHasNone) {
  ASSERT_EQ(windlass({"enqueue", "t"}).code, 0);
  ASSERT_EQ(work_all("t=sh -c 'printf %s \"${TRACEPARENT-none}\" >" + path("seen") + "'").code, 0);
  EXPECT_EQ(read_file(path("seen")), "none");
}

TEST_F(CliTraces, ACollectorThatIsNotThereTakesNothingFromTheCommand) {
  EXPECT_EQ(windlass({"--traces", "http://127.0.0.1:1/v1/traces", "enqueue", "t"}).code, 0);
  const Ran wrong = windlass({"--traces", "localhost:4318", "enqueue", "t"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--traces"));
}

}  // namespace
}  // namespace windlass::testing
