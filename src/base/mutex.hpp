// Mutex, Lock and CondVar with Clang's thread-safety annotations, so that a missing lock is a compile error under clang.
//
//   class Counter {
//     void add() { base::Lock lock(mu_); ++n_; }
//     base::Mutex mu_;
//     int n_ WINDLASS_GUARDED_BY(mu_) = 0;
//   };
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define WINDLASS_TSA(x) __attribute__((x))
#else
#define WINDLASS_TSA(x)
#endif
#define WINDLASS_CAPABILITY(x) WINDLASS_TSA(capability(x))
#define WINDLASS_SCOPED_CAPABILITY WINDLASS_TSA(scoped_lockable)
#define WINDLASS_GUARDED_BY(x) WINDLASS_TSA(guarded_by(x))
#define WINDLASS_PT_GUARDED_BY(x) WINDLASS_TSA(pt_guarded_by(x))
#define WINDLASS_REQUIRES(...) WINDLASS_TSA(requires_capability(__VA_ARGS__))
#define WINDLASS_EXCLUDES(...) WINDLASS_TSA(locks_excluded(__VA_ARGS__))
#define WINDLASS_ACQUIRE(...) WINDLASS_TSA(acquire_capability(__VA_ARGS__))
#define WINDLASS_RELEASE(...) WINDLASS_TSA(release_capability(__VA_ARGS__))
#define WINDLASS_NO_TSA WINDLASS_TSA(no_thread_safety_analysis)

namespace windlass::base {

class WINDLASS_CAPABILITY("mutex") Mutex {
 public:
  void lock() WINDLASS_ACQUIRE() { mu_.lock(); }
  void unlock() WINDLASS_RELEASE() { mu_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mu_;
};

class WINDLASS_SCOPED_CAPABILITY Lock {
 public:
  explicit Lock(Mutex& mu) WINDLASS_ACQUIRE(mu) : mu_(mu) { mu_.lock(); }
  ~Lock() WINDLASS_RELEASE() { if (held_) mu_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void unlock() WINDLASS_RELEASE() { held_ = false; mu_.unlock(); }
  void lock() WINDLASS_ACQUIRE() { mu_.lock(); held_ = true; }

 private:
  Mutex& mu_;
  bool held_ = true;
};

// Wake-ups may be spurious: always wait in a loop over the condition.
class CondVar {
 public:
  void wait(Mutex& mu) WINDLASS_REQUIRES(mu) {
    std::unique_lock<std::mutex> adopted(mu.mu_, std::adopt_lock);
    cv_.wait(adopted);
    adopted.release();
  }
  // False if `timeout` passed without a notification.
  template <class Rep, class Period>
  bool wait_for(Mutex& mu, std::chrono::duration<Rep, Period> timeout) WINDLASS_REQUIRES(mu) {
    std::unique_lock<std::mutex> adopted(mu.mu_, std::adopt_lock);
    const bool notified = cv_.wait_for(adopted, timeout) == std::cv_status::no_timeout;
    adopted.release();
    return notified;
  }
  void notify_one() { cv_.notify_one(); }
  void notify_all() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

}  // namespace windlass::base
