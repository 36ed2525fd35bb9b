// Search over states and queues. One call looks at a bounded number of tasks, and its cursor says where the next one goes on.
#include <algorithm>

#include "mux/base64.hpp"
#include "web/api.hpp"
#include "web/fields.hpp"
#include "web/pages.hpp"

namespace windlass::web {
namespace {

constexpr std::size_t kLookedAtMax = 5000;
constexpr std::size_t kListsMax = 500;  // most are empty: queues and states without such a task
constexpr std::size_t kChunk = 500;
constexpr std::size_t kPayloadSearchMax = 64 << 10;  // bytes of each payload that are looked through

// Where a search stands: a list (queue and state), and how far in it.
struct Place {
  std::string queue;
  int state = 1;
  std::string cursor;
};

std::string format_place(const Place& place) {
  return codec::encode_base64(codec::write_json(codec::Value::Array{place.queue, place.state, place.cursor}));
}

Result<Place> parse_place(const std::string& text) {
  const Error bad(ErrorCode::kInvalidArgument, "cursor: is none of a search");
  const auto json = codec::decode_base64(text);
  const auto value = codec::parse_json(json.value_or(""));
  if (!value) return bad;
  const auto* parts = value->get_if<codec::Value::Array>();
  if (!parts || parts->size() != 3) return bad;
  const auto* queue = (*parts)[0].get_if<std::string>();
  const auto* state = (*parts)[1].get_if<std::int64_t>();
  const auto* cursor = (*parts)[2].get_if<std::string>();
  if (!queue || !state || !cursor || *state < 1 || *state > kTaskStateCount) return bad;
  return Place{*queue, static_cast<int>(*state), *cursor};
}

class Search {
 public:
  Search(Site& site, const http::Request& request) : site_(site), request_(request) {
    part_ = request.query.find("payload").value_or("");
    group_ = request.query.find("group").value_or("");
  }

  Result<http::Response> run() {
    if (Status prepared = prepare(); !prepared) return prepared.error();
    std::size_t lists = 0;
    while (!over_ && found_.size() < size_ && looked_at_ < kLookedAtMax && lists++ < kListsMax) {
      if (Status looked = look(); !looked) return looked.error();
    }
    Fields out;
    out.add("tasks", std::move(found_)).text("next", over_ ? "" : format_place(place_)).add("looked_at", looked_at_);
    return json_response(out.done());
  }

 private:
  Status prepare() {
    const auto size = number_of(request_, "size", kPageSize, 1, kPageSizeMax);
    if (!size) return size.error();
    size_ = *size;
    if (const auto name = request_.query.find("state"); name && !name->empty()) {
      state_ = find_task_state(*name);
      if (!state_) return Error(ErrorCode::kInvalidArgument, "state=" + *name + ": there is no such state");
    }
    if (!group_.empty()) state_ = TaskState::kAggregating;
    const auto queue = request_.query.find("queue").value_or("");
    auto names = site_.inspector.queues();
    if (!names) return names.error();
    queues_ = queue.empty() ? *std::move(names) : std::vector<std::string>{queue};
    const auto cursor = request_.query.find("cursor").value_or("");
    if (cursor.empty()) return begin_at(queues_.begin());
    auto place = parse_place(cursor);
    if (!place) return place.error();
    place_ = *std::move(place);
    // A queue that is gone meanwhile is passed over.
    const auto at = std::lower_bound(queues_.begin(), queues_.end(), place_.queue);
    return at != queues_.end() && *at == place_.queue ? Status() : begin_at(at);
  }

  Status begin_at(std::vector<std::string>::const_iterator queue) {
    over_ = queue == queues_.end();
    if (!over_) place_ = {*queue, state_ ? static_cast<int>(*state_) : 1, ""};
    return {};
  }

  // At the next tasks of the list.
  Status look() {
    const auto state = static_cast<TaskState>(place_.state);
    broker::ListRequest ask{.filter = filter_of(request_, place_.queue, state, state == TaskState::kAggregating ? group_ : ""),
                            .cursor = place_.cursor};
    // Without a filter on payloads everything that is listed is found.
    ask.limit = part_.empty() ? std::min(kPageSizeMax, size_ - found_.size()) : kChunk;
    ask.payload_max = part_.empty() ? shown_bytes_max(site_.config.text) : kPayloadSearchMax;
    const auto page = site_.broker->list(ask);
    if (!page && page.error().code() == ErrorCode::kQueueNotFound && queues_.size() > 1) return next_list(true);
    if (!page) return page.error();
    return take(*page);
  }

  Status take(const TaskPage& page) {
    looked_at_ += page.tasks.size();
    for (const TaskInfo& task : page.tasks) {
      if (!part_.empty() && task.payload.bytes().find(part_) == std::string::npos) continue;
      found_.push_back(list_item(task, site_.config.text, site_.clock.now()));
    }
    place_.cursor = page.next;
    return page.next.empty() ? next_list(false) : Status();
  }

  Status next_list(bool next_queue) {
    place_.cursor.clear();
    if (!state_ && !next_queue && place_.state < kTaskStateCount) {
      ++place_.state;
      return {};
    }
    return begin_at(std::upper_bound(queues_.begin(), queues_.end(), place_.queue));
  }

  Site& site_;
  const http::Request& request_;
  std::string part_, group_;
  std::optional<TaskState> state_;
  std::size_t size_ = kPageSize;
  std::vector<std::string> queues_;  // sorted
  Place place_;
  bool over_ = false;
  codec::Value::Array found_;
  std::size_t looked_at_ = 0;
};

}  // namespace

void add_search_routes(Api& api, Site& site) {
  api.get("/api/search", Style::kOwn, [&site](Call& call) { return Search(site, call.request).run(); });
}

}  // namespace windlass::web
