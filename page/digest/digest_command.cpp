// offprint digest.
#include "offprint/core/error.hpp"
#include "page/call.hpp"

namespace offprint::page {

int digest(const Call&) { throw Error("the digest is being built"); }

}  // namespace offprint::page
