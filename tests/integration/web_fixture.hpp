// A web server on a free port over a broker in memory, and its clients.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <windlass/client.hpp>
#include <windlass/codec.hpp>

#include "broker/memory/memory_broker.hpp"
#include "http/uri.hpp"
#include "support/failing_broker.hpp"
#include "support/fake_clock.hpp"
#include "support/http_client.hpp"
#include "web/web_server.hpp"

namespace windlass::testing {

class Web : public ::testing::Test {
 protected:
  Web() {
    std::string name = ::testing::TempDir() + "windlass-web-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = name;
    config_.port = 0;
    config_.live_interval = std::chrono::milliseconds(10);
  }
  ~Web() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start() { start_over(broker_); }
  void start_over(const std::shared_ptr<broker::Broker>& broker) {
    auto server = web::WebServer::open(broker, config_, clock_);
    ASSERT_TRUE(server) << server.error().message();
    server_ = *std::move(server);
    ASSERT_TRUE(server_->start());
  }
  int port() const { return server_->port(); }

  HttpReply ask(const std::string& method, const std::string& path, const std::string& body = "", const std::string& headers = "") const {
    return HttpClient(port()).ask(method, path, body, headers);
  }
  HttpReply get(const std::string& path, const std::string& headers = "") const { return ask("GET", path, "", headers); }
  static codec::Value json(const HttpReply& reply) {
    auto value = codec::parse_json(reply.body);
    EXPECT_TRUE(value) << reply.status << " " << reply.body;
    return value.value_or(codec::Value());
  }
  // "tasks.0.id" of a value as JSON text, strings without their quotes; "" if it is not there.
  static std::string at(const codec::Value& value, std::string path) {
    const codec::Value* here = &value;
    for (std::size_t dot = 0; dot != std::string::npos && here; path.erase(0, dot == path.npos ? dot : dot + 1)) {
      dot = path.find('.');
      const std::string key = path.substr(0, dot);
      const auto* items = here->get_if<codec::Value::Array>();
      if (!items) here = here->find(key);
      else here = std::stoul(key) < items->size() ? &(*items)[std::stoul(key)] : nullptr;
    }
    if (!here) return "";
    if (const auto* text = here->get_if<std::string>()) return *text;
    return codec::write_json(*here);
  }
  static std::size_t size_of(const codec::Value& value, std::string_view key) {
    const codec::Value* items = value.find(key);
    return items && items->get_if<codec::Value::Array>() ? items->get_if<codec::Value::Array>()->size() : 0;
  }

  std::string enqueue(const std::string& type, Payload payload = "{}", EnqueueOptions options = {}) {
    const auto task = Client(broker_).enqueue(Task(type, std::move(payload), std::move(options)));
    if (!task) throw std::runtime_error(task.error().message());
    return task->id;
  }
  std::string write_file(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  static std::string encoded(const std::string& name) { return http::percent_encode(name); }

  FakeClock clock_;
  std::shared_ptr<broker::Broker> memory_ = broker::make_memory_broker(clock_);
  std::shared_ptr<FailingBroker> broker_ = std::make_shared<FailingBroker>(memory_);
  web::WebConfig config_;
  std::filesystem::path folder_;
  std::unique_ptr<web::WebServer> server_;
};

}  // namespace windlass::testing
