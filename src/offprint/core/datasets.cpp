// The data-set registry: TOML in, files found, checked and fetched.
#include "offprint/core/datasets.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/sha256.hpp"
#include "offprint/core/toml_file.hpp"

extern char** environ;

namespace offprint {
namespace {

namespace fs = std::filesystem;

// ---- the registry file ----

class RegistryReader {
 public:
  explicit RegistryReader(const fs::path& path) : file_(path.string()), root_(load_toml(path)) {}

  std::vector<Dataset> read() const {
    known_keys(root_, {"dataset"});
    std::vector<Dataset> sets;
    for (const auto* table : tables(root_, "dataset")) {
      Dataset set = read_set(*table);
      if (std::any_of(sets.begin(), sets.end(), [&](const auto& s) { return s.name == set.name; }))
        fail(*table, fmt::format("the data set '{}' is listed twice", set.name));
      sets.push_back(std::move(set));
    }
    return sets;
  }

 private:
  [[noreturn]] void fail(const toml::node& at, const std::string& message) const {
    const auto& place = at.source().begin;
    throw InputError(fmt::format("{}:{}:{}: {}", file_, place.line, place.column, message));
  }

  void known_keys(const toml::table& table, const std::vector<std::string>& known) const {
    for (const auto& [key, node] : table)
      if (std::find(known.begin(), known.end(), key.str()) == known.end())
        fail(node, fmt::format("unknown key '{}'{}", key.str(), suggestion(key.str(), known)));
  }

  std::string text(const toml::table& table, const char* key, bool required) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      if (required) fail(table, fmt::format("the key '{}' is missing", key));
      return "";
    }
    if (!node->is_string()) fail(*node, fmt::format("'{}' must be a string", key));
    return node->as_string()->get();
  }

  std::vector<const toml::table*> tables(const toml::table& table, const char* key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) fail(table, fmt::format("the key '{}' is missing", key));
    std::vector<const toml::table*> out;
    if (node->is_array())
      for (const auto& element : *node->as_array()) out.push_back(element.as_table());
    if (out.empty() || std::find(out.begin(), out.end(), nullptr) != out.end())
      fail(*node, fmt::format("'{}' must be a list of tables", key));
    return out;
  }

  DatasetFile::Version version(const toml::table& table) const {
    DatasetFile::Version out;
    out.sha256 = text(table, "sha256", true);
    if (out.sha256.size() != 64 || out.sha256.find_first_not_of("0123456789abcdef") != std::string::npos)
      fail(*table.get("sha256"), "'sha256' must be 64 lower-case hexadecimal digits");
    const auto* node = table.get("bytes");
    const auto bytes = node == nullptr ? std::nullopt : node->value_exact<std::int64_t>();
    if (!bytes || *bytes < 0) fail(node == nullptr ? table : *node, "'bytes' must be the size of the file");
    out.bytes = static_cast<std::uint64_t>(*bytes);
    return out;
  }

  Dataset read_set(const toml::table& table) const {
    known_keys(table, {"name", "title", "licence", "source", "how", "files"});
    Dataset set;
    set.name = text(table, "name", true);
    if (!is_relative(set.name) || set.name.find('/') != std::string::npos)
      fail(*table.get("name"), fmt::format("'{}' cannot be the name of a data set's folder", set.name));
    set.title = text(table, "title", true);
    set.licence = text(table, "licence", true);
    set.source = text(table, "source", true);
    set.how = text(table, "how", false);
    for (const auto* entry : tables(table, "files")) {
      known_keys(*entry, {"path", "url", "sha256", "bytes", "also"});
      DatasetFile file;
      file.path = text(*entry, "path", true);
      if (!is_relative(file.path)) fail(*entry, fmt::format("the path '{}' leaves the data set's folder", file.path));
      file.url = text(*entry, "url", false);
      file.versions.push_back(version(*entry));
      if (entry->contains("also"))
        for (const auto* other : tables(*entry, "also")) {
          known_keys(*other, {"sha256", "bytes"});
          file.versions.push_back(version(*other));
        }
      set.files.push_back(std::move(file));
    }
    if (!set.fetchable() && set.how.empty()) fail(table, "a file has no 'url': 'how' must say how to get it by hand");
    return set;
  }

  static bool is_relative(const fs::path& path) {
    return !path.empty() && path.is_relative() &&
           std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".." || part == "."; });
  }

  std::string file_;
  toml::table root_;
};

// ---- where files lie ----

std::vector<fs::path> environment_folders() {
  std::vector<fs::path> folders;
  const char* value = std::getenv("OFFPRINT_DATA");
  std::string_view rest = value == nullptr ? "" : value;
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    if (colon > 0) folders.emplace_back(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return folders;
}

fs::path environment_cache() {
  // the XDG specification: relative paths are to be ignored
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg == '/')
    return fs::path(xdg) / "offprint" / "data";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr && *home != '\0' ? home : "/tmp") / ".cache" / "offprint" / "data";
}

bool has_all(const fs::path& folder, const Dataset& set) {
  return std::all_of(set.files.begin(), set.files.end(), [&](const auto& file) {
    std::error_code ignored;
    return fs::is_regular_file(folder / file.path, ignored);
  });
}

std::string hint(const Dataset& set) { return set.how.empty() ? "" : "; " + set.how; }

// ---- downloads ----

// Removes what it names unless it has been renamed away.
class Temporary {
 public:
  explicit Temporary(fs::path path) : path_(std::move(path)) {}
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// What curl wrote to its standard error, as one line.
std::string message_of(const fs::path& errors) {
  std::string text;
  if (FILE* file = std::fopen(errors.c_str(), "rb"); file != nullptr) {
    std::array<char, 1024> buffer{};
    text.assign(buffer.data(), std::fread(buffer.data(), 1, buffer.size(), file));
    std::fclose(file);
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

int wait_for(pid_t child, const CancelToken& cancel) {
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) return status;
    if (ended < 0 && errno != EINTR) return -1;
    if (cancel.cancelled()) {
      ::kill(child, SIGTERM);
      while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
      throw Interrupted();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void download(const std::string& url, const fs::path& to, std::uint64_t bytes, const CancelToken& cancel) {
  const Temporary errors(to.string() + ".err");
  const std::string limit = std::to_string(bytes);
  std::vector<std::string> words = {"curl",    "--fail",   "--location",        "--silent", "--show-error",
                                    "--retry", "3",        "--connect-timeout", "30",       "--max-filesize",
                                    limit,     "--output", to.string(),         "--",       url};
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.path().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, "curl", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed == ENOENT) throw IoError("data sets are fetched by the curl command, which is not installed");
  if (failed != 0) throw IoError("cannot start curl: " + describe_errno(failed));
  const int status = wait_for(child, cancel);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string message = message_of(errors.path());
    throw IoError(fmt::format("cannot fetch {}: {}", url, message.empty() ? "curl was stopped" : message));
  }
}

std::string expected(const DatasetFile::Version& version) {
  return fmt::format("{} bytes with SHA-256 {}", version.bytes, version.sha256);
}

// What is wrong with a file, or "".
std::string defect(const fs::path& path, const std::vector<DatasetFile::Version>& versions) {
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(path, error);
  if (error) return fmt::format("{} cannot be read", path.string());
  const bool size_known =
      std::any_of(versions.begin(), versions.end(), [&](const auto& v) { return v.bytes == bytes; });
  if (!size_known) return fmt::format("{} has {} bytes, expected {}", path.string(), bytes, expected(versions.front()));
  const std::string sum = sha256_file(path);
  const bool sum_known = std::any_of(versions.begin(), versions.end(), [&](const auto& v) { return v.sha256 == sum; });
  if (!sum_known) return fmt::format("{} has SHA-256 {}, expected {}", path.string(), sum, expected(versions.front()));
  return "";
}

}  // namespace

std::uint64_t Dataset::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& file : files) sum += file.versions.front().bytes;
  return sum;
}

bool Dataset::fetchable() const {
  return std::all_of(files.begin(), files.end(), [](const auto& file) { return !file.url.empty(); });
}

Datasets::Datasets(const fs::path& registry) : Datasets(registry, environment_folders(), environment_cache()) {}

Datasets::Datasets(const fs::path& registry, std::vector<fs::path> folders, fs::path cache)
    : sets_(RegistryReader(registry).read()), folders_(std::move(folders)), cache_(std::move(cache)) {}

std::vector<std::string> Datasets::list() const {
  std::vector<std::string> names;
  for (const auto& set : sets_) names.push_back(set.name);
  return names;
}

const Dataset& Datasets::entry(std::string_view name) const {
  for (const auto& set : sets_)
    if (set.name == name) return set;
  throw InputError(fmt::format("there is no data set '{}'{}", name, suggestion(name, list())));
}

std::optional<fs::path> Datasets::find(std::string_view name) const {
  const Dataset& set = entry(name);
  for (const auto& folder : folders_)
    if (has_all(folder / set.name, set)) return folder / set.name;
  if (has_all(cache_ / set.name, set)) return cache_ / set.name;
  return std::nullopt;
}

std::vector<std::string> Datasets::verify(std::string_view name) const {
  const Dataset& set = entry(name);
  const auto folder = find(name);
  if (!folder) throw InputError(fmt::format("the data set '{}' is not on this machine{}", name, hint(set)));
  std::vector<std::string> defects;
  for (const auto& file : set.files)
    if (std::string wrong = defect(*folder / file.path, file.versions); !wrong.empty())
      defects.push_back(std::move(wrong));
  return defects;
}

fs::path Datasets::fetch(std::string_view name, const CancelToken& cancel) const {
  const Dataset& set = entry(name);
  if (const auto folder = find(name)) return *folder;
  const fs::path folder = cache_ / set.name;
  std::vector<const DatasetFile*> missing;
  for (const auto& file : set.files) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / file.path, ignored)) continue;
    if (file.url.empty()) {
      throw InputError(fmt::format("the file {} of data set '{}' cannot be fetched{}; put it into {}", file.path,
                                   set.name, hint(set), folder.string()));
    }
    missing.push_back(&file);
  }
  for (const auto* file : missing) {
    const fs::path target = folder / file->path;
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    if (error)
      throw IoError(fmt::format("cannot make the folder '{}': {}", target.parent_path().string(), error.message()));
    AtomicFile output(target);  // gives the temporary name, and syncs and renames at the end
    download(file->url, output.temporary_path(), file->versions.front().bytes, cancel);
    if (const std::string wrong = defect(output.temporary_path(), {file->versions.front()}); !wrong.empty())
      throw IoError(fmt::format("{} brought another file than expected: {}", file->url, wrong));
    output.commit();
  }
  return folder;
}

}  // namespace offprint
