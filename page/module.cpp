// The module's entry: one subcommand to one function.
#include "offprint/core/error.hpp"
#include "page/call.hpp"

namespace offprint::page {
namespace {

int run(const Call& call) {
  const auto group = call.command.substr(0, call.command.find(' '));
  if (group == "serve") return serve(call);
  if (group == "feed") return feed(call);
  if (group == "search") return search(call);
  if (group == "digest") return digest(call);
  throw Error("the page's module does not know '" + call.command + "'; rebuild with ./offprint");
}

}  // namespace
}  // namespace offprint::page

extern "C" const offprint::page::ModuleInterface offprint_page_module;
extern "C" const offprint::page::ModuleInterface offprint_page_module = {OFFPRINT_VERSION, offprint::page::run};
