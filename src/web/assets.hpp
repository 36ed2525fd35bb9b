// The web app, embedded: nothing where it was not built.
#pragma once

#include <span>

#include "http/assets.hpp"

namespace windlass::web {

using http::Asset;

// index.html among them, or none at all.
std::span<const Asset> app_assets();

}  // namespace windlass::web
