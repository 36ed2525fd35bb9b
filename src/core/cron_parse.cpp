// The reader of cron specs. Errors name the field, the place and what is allowed there.
#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "core/cron.hpp"
#include "core/text.hpp"

namespace windlass::core {

namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";
constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldRule {
  std::string_view name;
  std::uint64_t min = 0, max = 0;
  std::span<const std::string_view> names;  // of min, min + 1, ...
};

const std::array<FieldRule, 6> kFields = {{{"second", 0, 59, {}},
                                           {"minute", 0, 59, {}},
                                           {"hour", 0, 23, {}},
                                           {"day of month", 1, 31, {}},
                                           {"month", 1, 12, kMonths},
                                           {"day of week", 0, 6, kWeekdays}}};

// As fields, which is what they stand for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kDescriptors = {{{"@yearly", "0 0 1 1 *"},
                                                                                        {"@annually", "0 0 1 1 *"},
                                                                                        {"@monthly", "0 0 1 * *"},
                                                                                        {"@weekly", "0 0 * * 0"},
                                                                                        {"@daily", "0 0 * * *"},
                                                                                        {"@midnight", "0 0 * * *"},
                                                                                        {"@hourly", "0 * * * *"}}};

bool is_star(std::string_view text) { return text == "*" || text == "?"; }

// A piece of the spec, and where in it it stands.
struct Piece {
  std::string_view text;
  std::size_t at = 0;

  Piece sub(std::size_t from, std::size_t length = std::string_view::npos) const {
    return {text.substr(from, length), at + from};
  }
};

// The pieces between the separators; empty ones too.
std::vector<Piece> split(Piece piece, char separator) {
  std::vector<Piece> parts;
  std::size_t from = 0;
  for (std::size_t to; (to = piece.text.find(separator, from)) != std::string_view::npos; from = to + 1) {
    parts.push_back(piece.sub(from, to - from));
  }
  parts.push_back(piece.sub(from));
  return parts;
}

std::vector<Piece> split_at_blanks(Piece piece) {
  std::vector<Piece> parts;
  std::size_t from = 0;
  while ((from = piece.text.find_first_not_of(kBlanks, from)) != std::string_view::npos) {
    const std::size_t to = std::min(piece.text.find_first_of(kBlanks, from), piece.text.size());
    parts.push_back(piece.sub(from, to - from));
    from = to;
  }
  return parts;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, {},
                            [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

// Values of one field.
using Values = std::bitset<64>;

template <std::size_t N>
std::bitset<N> narrow(const Values& values) {
  return std::bitset<N>(values.to_ullong());
}

}  // namespace

// Reads one spec. Confined to the call that makes it.
class CronParser {
 public:
  CronParser(std::string_view spec, const CronOptions& options) : spec_(spec), options_(options) {}

  Result<CronSpec> parse() const {
    Piece rest{spec_, 0};
    auto zone = take_zone(rest);
    if (!zone) return zone.error();
    CronSpec spec(*std::move(zone));
    const Status status = rest.text.starts_with('@') ? read_descriptor(rest, spec) : read_fields(rest, spec);
    if (!status) return status.error();
    return spec;
  }

 private:
  Error error(std::string text) const {
    return Error(ErrorCode::kInvalidArgument, "cron '" + to_valid_utf8(spec_) + "': " + std::move(text));
  }
  Error error_at(std::string_view what, Piece place, const std::string& text) const {
    return error(std::string(what) + " (character " + std::to_string(place.at + 1) + "): " + text);
  }

  Result<TimeZone> take_zone(Piece& rest) const {
    if (!rest.text.starts_with("TZ=") && !rest.text.starts_with("CRON_TZ=")) return TimeZone::load(options_.zone);
    const std::size_t name_at = rest.text.find('=') + 1;
    const std::size_t blank = rest.text.find_first_of(kBlanks, name_at);
    const Piece name = rest.sub(name_at, blank == std::string_view::npos ? blank : blank - name_at);
    if (blank == std::string_view::npos) return error_at("time zone", name, "a blank and the fields must follow it");
    auto zone = TimeZone::load(name.text);
    if (!zone) return error_at("time zone", name, zone.error().message());
    const std::size_t fields_at = std::min(rest.text.find_first_not_of(kBlanks, blank), rest.text.size());
    rest = rest.sub(fields_at);
    rest.text = rest.text.substr(0, rest.text.find_last_not_of(kBlanks) + 1);
    return zone;
  }

  Status read_descriptor(Piece piece, CronSpec& spec) const {
    constexpr std::string_view kEvery = "@every ";
    if (piece.text.starts_with(kEvery)) return read_interval(piece.sub(kEvery.size()), spec);
    const auto* found = std::ranges::find(kDescriptors, piece.text, [](const auto& known) { return known.first; });
    if (found == kDescriptors.end()) {
      return error_at("descriptor", piece,
                      "'" + to_valid_utf8(piece.text) +
                          "' is unknown; allowed are @yearly, @annually, @monthly, @weekly, "
                          "@daily, @midnight, @hourly and '@every DURATION' such as '@every 1h30m'");
    }
    return read_fields({found->second, 0}, spec);
  }

  Status read_interval(Piece piece, CronSpec& spec) const {
    const auto length = parse_duration(piece.text);
    if (!length) return error_at("interval", piece, length.error().message());
    spec.interval_ = std::max(std::chrono::duration_cast<std::chrono::seconds>(*length), std::chrono::seconds(1));
    spec.phase_ = std::chrono::floor<std::chrono::seconds>(options_.every_phase) % spec.interval_;
    return {};
  }

  Status read_fields(Piece piece, CronSpec& spec) const {
    const std::vector<Piece> parts = split_at_blanks(piece);
    if (parts.size() != 5 && !(options_.seconds && parts.size() == 6)) return wrong_count(parts.size());
    std::array<Values, 6> values;
    std::array<bool, 6> star{};
    if (parts.size() == 5) values[0] = 1;  // second 0
    for (std::size_t i = 6 - parts.size(); i < 6; ++i) {
      const Status status = read_field(kFields[i], parts[i - (6 - parts.size())], values[i], star[i]);
      if (!status) return status.error();
    }
    spec.fields_ = {.seconds = narrow<60>(values[0]),
                    .minutes = narrow<60>(values[1]),
                    .hours = narrow<24>(values[2]),
                    .days = narrow<32>(values[3]),
                    .months = narrow<13>(values[4]),
                    .weekdays = narrow<7>(values[5]),
                    .any_day = star[3] || star[5]};
    return {};
  }

  Error wrong_count(std::size_t count) const {
    std::string text = count == 0 ? "is empty" : "has " + std::to_string(count) + (count == 1 ? " field" : " fields");
    text += "; expected are 5 (minute, hour, day of month, month, day of week)";
    if (options_.seconds) return error(text + ", or 6 with seconds in front, or a descriptor such as @hourly");
    text += " or a descriptor such as @hourly";
    if (count == 6) text += "; a field for seconds in front is possible where it is turned on";
    return error(text);
  }

  // A list of items; empty ones are passed over.
  Status read_field(const FieldRule& rule, Piece piece, Values& values, bool& star) const {
    for (const Piece& item : split(piece, ',')) {
      if (item.text.empty()) continue;
      if (Status status = read_item(rule, item, values, star); !status) return status;
    }
    return {};
  }

  // RANGE or RANGE/STEP, where RANGE is `*`, `?`, a value, or value-value.
  Status read_item(const FieldRule& rule, Piece item, Values& values, bool& star) const {
    const std::vector<Piece> parts = split(item, '/');
    if (parts.size() > 2) {
      return error_at(rule.name, parts[2], "only one '/' is allowed in '" + to_valid_utf8(item.text) + "'");
    }
    std::uint64_t first = rule.min, last = rule.max, step = 1;
    if (!is_star(parts[0].text)) {
      if (Status status = read_range(rule, parts[0], first, last); !status) return status;
    }
    if (parts.size() == 2) {
      if (Status status = read_step(rule, parts[1], step); !status) return status;
      if (parts[0].text.find('-') == std::string_view::npos) last = rule.max;  // n/step: from n to the end
    }
    // A step that leaves something out is a choice of days, a star is not.
    if (is_star(parts[0].text) && step == 1) star = true;
    for (std::uint64_t value = first; value <= last; value += step) values.set(value);
    return {};
  }

  Status read_range(const FieldRule& rule, Piece range, std::uint64_t& first, std::uint64_t& last) const {
    const std::vector<Piece> ends = split(range, '-');
    if (ends.size() > 2) {
      return error_at(rule.name, ends[2], "only one '-' is allowed in '" + to_valid_utf8(range.text) + "'");
    }
    if (Status status = read_value(rule, ends[0], first); !status) return status;
    if (Status status = read_value(rule, ends.back(), last); !status) return status;
    if (first <= last) return {};
    return error_at(rule.name, range,
                    "the range '" + std::string(range.text) + "' begins behind its end; write two ranges: '" +
                        std::string(ends[0].text) + "-" + std::to_string(rule.max) + "," + std::to_string(rule.min) +
                        "-" + std::string(ends[1].text) + "'");
  }

  Status read_value(const FieldRule& rule, Piece piece, std::uint64_t& value) const {
    for (std::size_t i = 0; i < rule.names.size(); ++i) {
      if (!equals_ignoring_case(piece.text, rule.names[i])) continue;
      value = rule.min + i;
      return {};
    }
    if (!read_number(piece, value)) return not_a_value(rule, piece);
    if (value < rule.min) {
      return error_at(rule.name, piece, std::string(piece.text) + " is below " + std::to_string(rule.min));
    }
    if (value > rule.max) {
      return error_at(rule.name, piece, std::string(piece.text) + " is above " + std::to_string(rule.max));
    }
    return {};
  }

  Status not_a_value(const FieldRule& rule, Piece piece) const {
    std::string allowed = "allowed are " + std::to_string(rule.min) + " to " + std::to_string(rule.max);
    if (!rule.names.empty()) {
      allowed += ", " + std::string(rule.names.front()) + " to " + std::string(rule.names.back());
    }
    const std::string what =
        piece.text.empty() ? "a value is missing" : "'" + to_valid_utf8(piece.text) + "' is no value";
    return error_at(rule.name, piece, what + "; " + allowed + ", * and ?");
  }

  Status read_step(const FieldRule& rule, Piece piece, std::uint64_t& step) const {
    if (read_number(piece, step) && step > 0) return {};
    return error_at(rule.name, piece, "the step '" + to_valid_utf8(piece.text) + "' is no number above 0");
  }

  // Digits alone. What is too large for any field stops growing.
  static bool read_number(Piece piece, std::uint64_t& number) {
    number = 0;
    for (const char c : piece.text) {
      if (c < '0' || c > '9') return false;
      number = std::min<std::uint64_t>(number * 10 + static_cast<std::uint64_t>(c - '0'), 1'000'000);
    }
    return !piece.text.empty();
  }

  std::string_view spec_;
  const CronOptions& options_;
};

Result<CronSpec> CronSpec::parse(std::string_view spec, const CronOptions& options) {
  return CronParser(spec, options).parse();
}

}  // namespace windlass::core
