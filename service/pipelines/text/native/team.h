// Threads that share loops, one loop after another.
#pragma once

#include <immintrin.h>
#include <sched.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

// Not OpenMP's: its threads either burn the processor while they wait, long after the pass, or sleep and wake
// several hundred times within it. These look a while and then let others run, who may be a thread of this team.
class Team {
 public:
  explicit Team(int size) : size_(size) {}

  // Does `work` in all threads, in the calling one too.
  template <typename Work>
  void run(const Work& work) {
    std::vector<std::thread> others;
    for (int i = 1; i < size_; ++i) others.emplace_back(work);
    work();
    for (auto& thread : others) thread.join();
  }

  // Within `run`: the threads do the items as they get to them, and go on when all are done.
  template <typename Item>
  void share(int64_t items, const Item& item) {
    for (int64_t i; (i = next_.fetch_add(1)) < items;) item(i);
    wait();
  }

 private:
  void wait() {
    const uint32_t round = round_.load();
    if (arrived_.fetch_add(1) == size_ - 1) {
      arrived_ = 0;
      next_ = 0;
      round_ = round + 1;
      return;
    }
    for (int looks = 0; round_.load(std::memory_order_acquire) == round; ++looks)
      if (looks < 1000)
        _mm_pause();
      else
        sched_yield();
  }

  const int size_;
  alignas(64) std::atomic<int64_t> next_{0};
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<uint32_t> round_{0};
};
