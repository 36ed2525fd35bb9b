// Site: what the routes of a web server work with.
#pragma once

#include <windlass/client.hpp>
#include <windlass/inspector.hpp>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "web/access.hpp"
#include "web/audit.hpp"
#include "web/config.hpp"
#include "web/live.hpp"

namespace windlass::web {

struct Site {
  const WebConfig& config;
  BrokerPtr broker;
  base::Clock& clock;
  Access& access;
  Audit& audit;
  Live& live;
  Inspector inspector;
  Client client;
  std::string broker_kind;  // "redis", "sqlite", "memory"
};

}  // namespace windlass::web
