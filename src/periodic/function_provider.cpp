#include <utility>

#include <windlass/periodic.hpp>

namespace windlass {
namespace {

class FunctionProvider final : public PeriodicTaskConfigProvider {
 public:
  explicit FunctionProvider(std::function<Result<PeriodicTaskConfigs>()> function) : function_(std::move(function)) {}

  Result<PeriodicTaskConfigs> configs(std::stop_token /*stop*/) override { return function_(); }

 private:
  const std::function<Result<PeriodicTaskConfigs>()> function_;
};

}  // namespace

ProviderPtr function_provider(std::function<Result<PeriodicTaskConfigs>()> function) {
  return std::make_shared<FunctionProvider>(std::move(function));
}

}  // namespace windlass
