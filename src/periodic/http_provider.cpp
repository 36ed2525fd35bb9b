#include <optional>
#include <utility>

#include <windlass/periodic.hpp>

#include "http_client/call.hpp"
#include "periodic/config_reader.hpp"

namespace windlass {
namespace {

class HttpProvider final : public PeriodicTaskConfigProvider {
 public:
  HttpProvider(std::string url, HttpProviderOptions options) : url_(std::move(url)), options_(std::move(options)) {}

  Result<PeriodicTaskConfigs> configs(std::stop_token stop) override {
    auto found = ask(std::move(stop));
    if (!found) return found.error().at("GET " + url_);
    return found;
  }

 private:
  Result<PeriodicTaskConfigs> ask(std::stop_token stop) {
    auto url = http_client::parse_url(url_);
    if (!url) return url.error();
    const auto answer = http_client::call({.url = *std::move(url),
                                            .headers = headers(),
                                            .timeout = options_.timeout,
                                            .body_max = options_.body_max,
                                            .ca_file = options_.ca_file},
                                           std::move(stop));
    if (!answer) return answer.error();
    if (answer->status == 304 && last_) return *last_;
    if (answer->status != 200) return refused(*answer);
    const auto tree = codec::parse_json(answer->body);
    if (!tree) return tree.error();
    auto configs = periodic::read_configs(*tree);
    if (configs) remember(*answer, *configs);
    return configs;
  }

  std::map<std::string, std::string> headers() const {
    auto headers = options_.headers;
    if (last_ && !etag_.empty()) headers["If-None-Match"] = etag_;
    if (last_ && !modified_.empty()) headers["If-Modified-Since"] = modified_;
    return headers;
  }

  static Error refused(const http_client::Response& answer) {
    std::string text = "the answer is status " + std::to_string(answer.status);
    const auto location = answer.headers.find("location");
    if (location != answer.headers.end()) text += ", a redirect to " + location->second + ", which is not followed";
    return Error(ErrorCode::kUnavailable, text);
  }

  void remember(const http_client::Response& answer, const PeriodicTaskConfigs& configs) {
    const auto header = [&](const char* name) {
      const auto found = answer.headers.find(name);
      return found == answer.headers.end() ? std::string() : found->second;
    };
    etag_ = header("etag");
    modified_ = header("last-modified");
    last_ = configs;
  }

  const std::string url_;
  const HttpProviderOptions options_;
  std::optional<PeriodicTaskConfigs> last_;  // of the last answer with a body
  std::string etag_, modified_;              // of that answer
};

}  // namespace

ProviderPtr http_provider(std::string url, HttpProviderOptions options) {
  return std::make_shared<HttpProvider>(std::move(url), std::move(options));
}

}  // namespace windlass
