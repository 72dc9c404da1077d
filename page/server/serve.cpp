// offprint serve.
#include "offprint/core/error.hpp"
#include "page/call.hpp"

namespace offprint::page {

int serve(const Call&) { throw Error("the page's server is being built"); }

}  // namespace offprint::page
