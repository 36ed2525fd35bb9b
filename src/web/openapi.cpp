#include "web/openapi.hpp"

#include <initializer_list>
#include <string>

namespace windlass::web {

std::string_view openapi_document() {
  static const std::string kDocument = [] {
    std::string text;
    for (const std::string_view piece : std::initializer_list<std::string_view>{
#include "web/openapi_text.inc"
         }) {
      text += piece;
    }
    return text;
  }();
  return kDocument;
}

}  // namespace windlass::web
