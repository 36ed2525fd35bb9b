// All of windlass in one include. The small headers compile alone, if you need only one.
#pragma once

#include <windlass/broker.hpp>
#include <windlass/client.hpp>
#include <windlass/codec.hpp>
#include <windlass/context.hpp>
#include <windlass/coroutine.hpp>
#include <windlass/dq.hpp>
#include <windlass/error.hpp>
#include <windlass/info.hpp>
#include <windlass/inspector.hpp>
#include <windlass/isolation.hpp>
#include <windlass/log.hpp>
#include <windlass/metrics.hpp>
#include <windlass/metrics_endpoint.hpp>
#include <windlass/mux.hpp>
#include <windlass/outcome.hpp>
#include <windlass/periodic.hpp>
#include <windlass/scheduler.hpp>
#include <windlass/server.hpp>
#include <windlass/service.hpp>
#include <windlass/sqlite.hpp>
#include <windlass/task.hpp>
#include <windlass/tcp.hpp>
#include <windlass/time.hpp>
#include <windlass/trace.hpp>
