#include "broker/redis/listing.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "broker/listing_id.hpp"
#include "broker/redis/operations.hpp"
#include "broker/redis/scripts.hpp"
#include "broker/redis/task_view.hpp"

namespace windlass::broker {
namespace {

constexpr std::size_t kPageMax = 1000;
constexpr std::size_t kWindow = 250;             // tasks that one run of the script looks at
constexpr std::size_t kLookMax = 20000;          // tasks that one call of list() looks at
constexpr std::size_t kPageBytes = std::size_t{8} << 20;
constexpr std::size_t kNumberMax = std::size_t{1} << 50;  // what Lua's numbers hold

enum CursorField : protozero::pbf_tag_type { kListing = 1, kPlace = 2 };

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    if (error != std::errc() || end != text.data() + i + 2) return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

// The place that the cursor names. Nothing if it is none of this listing.
std::optional<std::vector<std::string>> parse_cursor(std::string_view cursor, std::uint64_t listing) {
  const std::optional<std::string> bytes = from_hex(cursor);
  if (!bytes) return std::nullopt;
  std::vector<std::string> place;
  bool belongs = false;
  try {
    protozero::pbf_reader reader(*bytes);
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case protozero::tag_and_type(kListing, protozero::pbf_wire_type::fixed64):
          belongs = reader.get_fixed64() == listing;
          break;
        case protozero::tag_and_type(kPlace, protozero::pbf_wire_type::length_delimited):
          place.push_back(reader.get_string());
          break;
        default: return std::nullopt;
      }
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  if (!belongs || place.empty()) return std::nullopt;
  return place;
}

void add_script(redis::Pipeline& pipeline, const Store& store, const Listing& listing, const WindowLimits& limits) {
  const TaskFilter& filter = listing.filter;
  const std::string prefix = queue_prefix(filter.queue);
  pipeline.eval(store.script(ScriptName::kList), 1, 10 + listing.place.size()).key(prefix + "pending");
  pipeline.arg(prefix).arg(task_state_name(filter.state)).arg(limits.tasks).arg(std::min(limits.looked, kWindow));
  pipeline.arg(std::min(limits.bytes, kNumberMax)).arg(filter.id_prefix).arg(filter.type).arg(filter.group);
  pipeline.arg(std::min(limits.result_max, kNumberMax)).arg(limits.ids_only ? "0" : "1");
  for (const std::string& part : listing.place) pipeline.arg(part);
  pipeline.idempotent();
}

// Appends the tasks of the window to the page; about how many bytes they are.
std::size_t show_window(const Window& window, const ListRequest& request, TimePoint now, TaskPage& page) {
  const Look look{request.filter.queue, request.filter.state, now, window.redis_now_us, request.payload_max};
  std::vector<redis::Value> values;
  for (const redis::Value value : window.tasks()) values.push_back(value);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i + kTaskValues <= values.size(); i += kTaskValues) {
    page.tasks.push_back(show_task(std::span(values).subspan(i).first<kTaskValues>(), look));
    for (std::size_t j = i; j < i + kTaskValues; ++j) bytes += values[j].text().size();
  }
  return bytes;
}

}  // namespace

Result<Listing> open_listing(const TaskFilter& filter, const std::string& cursor, std::string_view purpose) {
  if (!filter.group.empty() && filter.state != TaskState::kAggregating) {
    return Error(ErrorCode::kInvalidArgument, "only aggregating tasks can be chosen by group");
  }
  Listing listing{filter, listing_id(filter, purpose), {}};
  if (cursor.empty()) return listing;
  std::optional<std::vector<std::string>> place = parse_cursor(cursor, listing.id);
  if (!place) return Error(ErrorCode::kInvalidArgument, "the cursor does not belong to this listing; start without one");
  listing.place = std::move(*place);
  return listing;
}

std::string cursor_of(const Listing& listing) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_fixed64(kListing, listing.id);
  for (const std::string& part : listing.place) writer.add_string(kPlace, part);
  return to_hex(bytes);
}

Result<Window> next_window(Store& store, Listing& listing, const WindowLimits& limits) {
  redis::Pipeline pipeline;
  pipeline.add("SISMEMBER", redis::Key{kQueuesKey}, listing.filter.queue).idempotent();
  add_script(pipeline, store, listing, limits);
  Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  if ((*replies)[0].integer() != 1) return no_such_queue(listing.filter.queue);
  Window window;
  window.replies = std::move(*replies);
  const redis::Value answer = window.replies[1];
  window.redis_now_us = answer[0].integer().value_or(0);
  window.looked = static_cast<std::size_t>(answer[1].integer().value_or(0));
  window.distance = static_cast<std::size_t>(answer[4].integer().value_or(0));
  listing.place.clear();
  for (const redis::Value part : answer[2]) listing.place.emplace_back(part.text());
  window.at_end = listing.place.empty();
  return window;
}

Result<TaskPage> list_tasks(Store& store, const ListRequest& request) {
  if (request.limit < 1 || request.limit > kPageMax) {
    return Error(ErrorCode::kInvalidArgument,
                 "a page of " + std::to_string(request.limit) + " tasks: must be 1 to " + std::to_string(kPageMax));
  }
  Result<Listing> listing = open_listing(request.filter, request.cursor, "list");
  if (!listing) return listing.error();
  TaskPage page;
  std::size_t looked = 0, bytes = 0;
  while (true) {
    const Result<Window> window = next_window(store, *listing,
                                              {.tasks = request.limit - page.tasks.size(),
                                               .looked = kLookMax - looked,
                                               .bytes = kPageBytes - bytes,
                                               .result_max = request.payload_max});
    if (!window) return window.error();
    looked += window->looked;
    bytes += show_window(*window, request, store.now(), page);
    if (window->at_end) return page;
    if (page.tasks.size() == request.limit || looked >= kLookMax || bytes >= kPageBytes) break;
  }
  page.next = cursor_of(*listing);
  return page;
}

}  // namespace windlass::broker
