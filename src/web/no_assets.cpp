// In place of the web app where it was not built.
#include "web/assets.hpp"

namespace windlass::web {

std::span<const Asset> app_assets() { return {}; }

}  // namespace windlass::web
