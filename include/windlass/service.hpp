// Service: what is started and stopped together with a server. See Server::attach.
#pragma once

#include <windlass/error.hpp>

namespace windlass {

// Thread-safe.
class Service {
 public:
  virtual ~Service() = default;
  // Begins, and returns when it runs. Errors: those of the service; nothing runs then.
  virtual Status start() = 0;
  // Returns when it has stopped. May be called twice, or before start().
  virtual void stop() = 0;

 protected:
  Service() = default;
  Service(const Service&) = default;
  Service& operator=(const Service&) = default;
};

}  // namespace windlass
