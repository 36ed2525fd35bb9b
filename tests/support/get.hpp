// The value of a Result, or an exception that says the error: for tests of brokers.
#pragma once

#include <stdexcept>
#include <utility>

#include <windlass/error.hpp>

namespace windlass::testing {

template <class T>
T get(Result<T> result) {
  if (!result) throw std::runtime_error("broker says: " + result.error().message());
  return *std::move(result);
}
inline void get(const Status& status) {
  if (!status) throw std::runtime_error("broker says: " + status.error().message());
}

}  // namespace windlass::testing
