#include "web/openapi.hpp"

namespace windlass::web {

std::string_view openapi_document() {
  static constexpr std::string_view kDocument =
#include "web/openapi_text.inc"
      ;
  return kDocument;
}

}  // namespace windlass::web
