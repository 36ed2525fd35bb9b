// Boost.JSON itself, compiled into the library here and nowhere else, so that no shared library of Boost is needed.
#include <boost/json/src.hpp>
