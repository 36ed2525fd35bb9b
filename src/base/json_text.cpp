#include "base/json_text.hpp"

#include "base/utf8.hpp"

namespace windlass::base {
namespace {

void append_json_control(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

// True for what stands in a JSON string as it is.
bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(static_cast<unsigned char>(text[plain]))) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;

    const std::size_t length = decode_utf8(text).length;
    if (text[0] == '"' || text[0] == '\\')
      (out += '\\') += text[0];
    else if (static_cast<unsigned char>(text[0]) < 0x20)
      append_json_control(out, static_cast<unsigned char>(text[0]));
    else
      out += length > 0 ? text.substr(0, length) : kReplacementUtf8;
    text.remove_prefix(length > 0 ? length : 1);
  }
  out += '"';
}

}  // namespace windlass::base
