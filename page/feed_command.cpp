// offprint feed.
#include "offprint/core/error.hpp"
#include "page/call.hpp"

namespace offprint::page {

int feed(const Call&) { throw Error("feeds are being built"); }

}  // namespace offprint::page
