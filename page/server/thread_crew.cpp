// pthreads directly: std::thread cannot be given a stack size.
#include "page/server/thread_crew.hpp"

#include <chrono>

#include <pthread.h>

namespace offprint::page {
namespace {

constexpr std::size_t kStack = 512U << 10U;
constexpr std::size_t kMostWaiting = 10000;
constexpr std::chrono::seconds kIdle{10};

}  // namespace

bool ThreadCrew::add(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.size() >= kMostWaiting) return false;
  waiting_.push_back(std::move(work));
  if (waiting_.size() <= idle_ + starting_) {
    work_.notify_one();
  } else if (threads_ < most_) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStack);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread{};
    if (pthread_create(&thread, &attributes, &ThreadCrew::enter, this) == 0) {
      ++threads_;
      ++starting_;
    }
    pthread_attr_destroy(&attributes);
    // without a thread the work waits for one that comes free
  }
  return true;
}

bool ThreadCrew::pressed() const {
  const std::lock_guard lock(mutex_);
  return stopping_ || waiting_.size() > idle_ + starting_;
}

std::size_t ThreadCrew::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

void ThreadCrew::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  waiting_.clear();
  work_.notify_all();
  gone_.wait(lock, [this] { return threads_ == 0; });
}

void* ThreadCrew::enter(void* crew) {
  static_cast<ThreadCrew*>(crew)->labour();
  return nullptr;
}

void ThreadCrew::labour() {
  std::unique_lock lock(mutex_);
  --starting_;
  for (;;) {
    if (waiting_.empty()) {
      ++idle_;
      const bool woken = work_.wait_for(lock, kIdle, [this] { return stopping_ || !waiting_.empty(); });
      --idle_;
      if (stopping_ || !woken) break;
    }
    {
      const auto work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
    }
    lock.lock();
    if (stopping_) break;
  }
  --threads_;
  gone_.notify_all();  // under the lock: the crew may be destroyed as soon as it is released
}

}  // namespace offprint::page
