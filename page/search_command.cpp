// offprint search.
#include "offprint/core/error.hpp"
#include "page/call.hpp"

namespace offprint::page {

int search(const Call&) { throw Error("search is being built"); }

}  // namespace offprint::page
