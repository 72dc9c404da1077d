// toml++ behind one function.
#include "offprint/core/toml_file.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"

namespace offprint {

toml::table load_toml(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(path, ignored);
  std::ifstream in(path, std::ios::binary);
  if (folder || !in)
    throw InputError(fmt::format("cannot read '{}': {}", path.string(), describe_errno(folder ? EISDIR : errno)));
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  try {
    return toml::parse(text, path.string());
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    throw InputError(fmt::format("{}:{}:{}: {}", path.string(), at.line, at.column, error.description()));
  }
}

}  // namespace offprint
