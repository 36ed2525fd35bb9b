// Batches cut into runs of scripts: one queue each, at most kScriptTasks tasks.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::broker {

// Tasks that one run of a script handles at most, so that it stays at about a millisecond.
inline constexpr std::size_t kScriptTasks = 250;

struct Chunk {
  std::string queue;
  std::vector<std::size_t> items;  // their places in the batch, in order
};

// `queue_of(item)` returns a reference to a string that lives as long as the items.
template <class Items, class QueueOf>
std::vector<Chunk> by_queue(const Items& items, const QueueOf& queue_of) {
  std::vector<Chunk> chunks;
  std::map<std::string_view, std::size_t> last;  // queue -> its last chunk
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string& queue = queue_of(items[i]);
    const auto [it, is_new] = last.emplace(queue, chunks.size());
    if (is_new || chunks[it->second].items.size() == kScriptTasks) {
      it->second = chunks.size();
      chunks.push_back({queue, {}});
    }
    chunks[it->second].items.push_back(i);
  }
  return chunks;
}

}  // namespace windlass::broker
