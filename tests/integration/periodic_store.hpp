// The stores that periodic tasks are tested on: an SQLite file, a Redis server, a Redis cluster.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "support/child_process.hpp"
#include "support/redis_server.hpp"

namespace windlass::testing {

enum class StoreKind : unsigned char { kSqlite, kRedis, kCluster };

inline std::string store_name(StoreKind kind) {
  switch (kind) {
    case StoreKind::kSqlite: return "Sqlite";
    case StoreKind::kRedis: return "Redis";
    case StoreKind::kCluster: return "RedisCluster";
  }
  return "";
}
inline void PrintTo(StoreKind kind, std::ostream* out) { *out << store_name(kind); }

// A fresh store. Confined to one thread.
class PeriodicStore {
 public:
  explicit PeriodicStore(StoreKind kind) {
    if (kind == StoreKind::kRedis) redis_ = std::make_unique<RedisServer>();
    if (kind == StoreKind::kCluster) cluster_ = std::make_unique<ClusterSetup>();
  }

  std::string url() const {
    if (redis_) return redis_->url();
    return cluster_ ? cluster_->url() : "sqlite:" + dir_.file("tasks.db");
  }

 private:
  TempDir dir_;
  std::unique_ptr<RedisServer> redis_;
  std::unique_ptr<ClusterSetup> cluster_;
};

// Fixture of tests that run on each store.
class OnEachStore : public ::testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    if (GetParam() != StoreKind::kSqlite && !redis_is_installed()) GTEST_SKIP() << kNoRedis;
    store_ = std::make_unique<PeriodicStore>(GetParam());
  }

  std::unique_ptr<PeriodicStore> store_;
};

inline std::string name_of_store(const ::testing::TestParamInfo<StoreKind>& kind) { return store_name(kind.param); }

}  // namespace windlass::testing
