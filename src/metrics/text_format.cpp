#include "metrics/text_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/text.hpp"

namespace windlass::metrics {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return std::string(text.data(), end);
}

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : core::to_valid_utf8(text)) {
    if (c == '\\') out += "\\\\";
    else if (c == '\n') out += "\\n";
    else if (c == '"' && quotes) out += "\\\"";
    else out += c;
  }
  return out;
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kCounter: return "counter";
    case Kind::kGauge: return "gauge";
    case Kind::kHistogram: return "histogram";
  }
  return "untyped";
}

void append_line(std::string& out, std::string_view name, std::string_view suffix, std::string_view labels, const std::string& value) {
  out.append(name).append(suffix);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(value).append("\n");
}

void append_histogram(std::string& out, std::string_view name, const std::string& labels, const MetricBuckets& buckets,
                      const Histogram::Values& values) {
  const std::string before = labels.empty() ? "" : labels + ",";
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < values.counts.size(); ++i) {
    so_far += values.counts[i];
    const std::string bound = i < buckets.size() ? number(buckets[i]) : "+Inf";
    append_line(out, name, "_bucket", before + "le=\"" + bound + "\"", std::to_string(so_far));
  }
  append_line(out, name, "_sum", labels, number(values.sum));
  append_line(out, name, "_count", labels, std::to_string(values.count));
}

}  // namespace

bool is_metric_name(std::string_view name) {
  return !name.empty() && !is_digit(name[0]) && std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

bool is_label_name(std::string_view name) {
  return is_metric_name(name) && name.find(':') == name.npos && !name.starts_with("__") && name != "le";
}

std::string labels_text(const MetricLabels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name + "=\"" + escaped(value, true) + "\"";
  }
  return text;
}

std::string format(const std::map<std::string, Family, std::less<>>& families) {
  std::string out;
  for (const auto& [name, family] : families) {
    out.append("# HELP ").append(name).append(" ").append(escaped(family.help, false)).append("\n");
    out.append("# TYPE ").append(name).append(" ").append(kind_name(family.kind)).append("\n");
    for (const auto& [labels, value] : family.numbers) append_line(out, name, "", labels, number(value));
    for (const auto& [labels, histogram] : family.histograms) {
      append_histogram(out, name, labels, histogram.first->buckets(), histogram.second);
    }
  }
  return out;
}

}  // namespace windlass::metrics
