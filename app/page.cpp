// serve, feed, search, digest: handed to the page's module, which is opened only for them.
#include <dlfcn.h>

#include "command.hpp"
#include "offprint/core/error.hpp"
#include "page/call.hpp"

namespace offprint::app {

int Command::page(const std::string& name, const Json& options) {
  const auto path = places_.library_folder / "libofp_page.so";
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    throw Error("the page's module cannot be opened (" + std::string(dlerror()) + "); rebuild with ./offprint");
  const auto* module = static_cast<const page::ModuleInterface*>(dlsym(handle, "offprint_page_module"));
  if (module == nullptr || std::string(module->version) != OFFPRINT_VERSION)
    throw Error(path.string() + " does not belong to this Offprint (" OFFPRINT_VERSION "); rebuild with ./offprint");
  page::Call call;
  call.command = name;
  call.options = options;
  call.json = settings_.json;
  call.quiet = settings_.quiet;
  call.coloured = console_.coloured();
  call.store = store_folder();
  call.share = places_.share_folder;
  call.executable = places_.executable;
  call.paper_folders = places_.paper_folders;
  call.print = [this](const std::string& text) { print(text); };
  call.say = [this](const std::string& text) { say(text); };
  return module->run(call);
}

}  // namespace offprint::app
