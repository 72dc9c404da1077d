// TOML files, with the errors of this library. For .cpp files only: toml++ is heavy to compile.
#pragma once

#include <filesystem>

#include <toml++/toml.h>

namespace offprint {

/// Parses a TOML file. Throws InputError "FILE:LINE:COLUMN: ..." for a mistake in it, "cannot read 'FILE': ..." when it
/// is not there.
[[nodiscard]] toml::table load_toml(const std::filesystem::path& path);

}  // namespace offprint
