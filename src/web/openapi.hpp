// The OpenAPI document of the REST API, a file of its own (openapi.json) in the program.
#pragma once

#include <string_view>

namespace windlass::web {

std::string_view openapi_document();

}  // namespace windlass::web
