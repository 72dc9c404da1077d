// Confinement by canonical paths.
#include "page/server/files.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <sys/stat.h>

#include "page/server/access.hpp"
#include "page/server/query.hpp"

namespace offprint::page {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostEntries = 2000;

bool inside(const fs::path& path, const fs::path& folder) {
  const auto [f, p] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return f == folder.end();
}

bool is_upload_id(std::string_view id) {
  return id.size() == 16 &&
         std::all_of(id.begin(), id.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string first_line_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string line(65536, '\0');
  in.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(in.gcount()));
  const auto end = line.find_first_of("\r\n");
  return end == std::string::npos ? "" : line.substr(0, end);
}

}  // namespace

AllowedFolders::AllowedFolders(const std::vector<std::string>& folders) {
  for (const auto& folder : folders) {
    std::error_code error;
    const auto canonical = fs::canonical(folder, error);
    if (error || !fs::is_directory(canonical))
      throw InputError(fmt::format("--allow {}: there is no such folder", folder));
    folders_.push_back(canonical);
  }
}

bool AllowedFolders::holds(const fs::path& canonical) const {
  return std::any_of(folders_.begin(), folders_.end(), [&](const fs::path& f) { return inside(canonical, f); });
}

fs::path AllowedFolders::confined(const std::string& path) const {
  std::error_code error;
  const auto canonical = path.starts_with('/') ? fs::canonical(path, error) : fs::path();
  std::error_code unknown;
  if (path.starts_with('/') && !error && holds(canonical) &&
      (fs::is_regular_file(canonical, unknown) || fs::is_directory(canonical, unknown)))
    return canonical;
  throw InputError(fmt::format("there is no file '{}' that runs may read; {}", path,
                               folders_.empty()
                                   ? "upload it, or start the page with 'offprint serve --allow FOLDER'"
                                   : fmt::format("upload it, or choose one in {}", fmt::join(
                                                                                       [&] {
                                                                                         std::vector<std::string> names;
                                                                                         for (const auto& f : folders_)
                                                                                           names.push_back(f.string());
                                                                                         return names;
                                                                                       }(),
                                                                                       ", "))));
}

Json AllowedFolders::listing(const std::string& folder) const {
  Json entries = Json::array();
  if (folder.empty()) {
    for (const auto& f : folders_)
      entries.push_back({{"name", f.filename().empty() ? f.string() : f.filename().string()},
                         {"path", f.string()},
                         {"folder", true},
                         {"bytes", nullptr}});
    return {{"folder", ""}, {"parent", nullptr}, {"entries", entries}};
  }
  const auto at = confined(folder);
  if (!fs::is_directory(at)) throw InputError(fmt::format("'{}' is not a folder", folder));
  struct Entry {
    std::string name;
    fs::path path;
    bool folder;
    std::uintmax_t bytes;
  };
  std::vector<Entry> found;
  std::error_code error;
  for (fs::directory_iterator it(at, error), end; !error && it != end && found.size() < kMostEntries;
       it.increment(error)) {
    const auto name = it->path().filename().string();
    if (name.starts_with('.') || !is_clean_text(name)) continue;
    std::error_code unknown;
    const auto canonical = fs::canonical(it->path(), unknown);
    if (unknown || !holds(canonical)) continue;
    if (fs::is_directory(canonical, unknown)) {
      found.push_back({name, canonical, true, 0});
    } else if (fs::is_regular_file(canonical, unknown)) {
      found.push_back({name, canonical, false, fs::file_size(canonical, unknown)});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Entry& a, const Entry& b) { return a.folder != b.folder ? a.folder : a.name < b.name; });
  for (const auto& e : found)
    entries.push_back({{"name", e.name},
                       {"path", e.path.string()},
                       {"folder", e.folder},
                       {"bytes", e.folder ? Json(nullptr) : Json(e.bytes)}});
  const bool top = std::find(folders_.begin(), folders_.end(), at) != folders_.end();
  return {{"folder", at.string()}, {"parent", top ? Json("") : Json(at.parent_path().string())}, {"entries", entries}};
}

Uploads::Uploads(Settings settings) : settings_(std::move(settings)) {
  fs::create_directories(settings_.folder);
  std::error_code error;
  for (fs::directory_iterator it(settings_.folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;  // uploads that were on their way when the server ended
    if (fs::exists(it->path() / ".part", ignored)) fs::remove_all(it->path(), ignored);
  }
  count_bytes();
}

void Uploads::count_bytes() {
  stored_ = 0;
  for (const auto& upload : all()) stored_ += upload.bytes;
}

std::vector<Uploads::Upload> Uploads::all() const {
  std::vector<Upload> list;
  std::error_code error;
  for (fs::directory_iterator it(settings_.folder, error), end; !error && it != end; it.increment(error)) {
    const auto id = it->path().filename().string();
    if (!is_upload_id(id)) continue;
    std::error_code inner;
    for (fs::directory_iterator file(it->path(), inner); !inner && file != end; file.increment(inner)) {
      if (file->path().filename() == ".part" ||
          fs::symlink_status(file->path(), inner).type() != fs::file_type::regular)
        continue;
      list.push_back({id, file->path(), fs::file_size(file->path(), inner)});
      break;
    }
  }
  std::sort(list.begin(), list.end(), [](const Upload& a, const Upload& b) {
    std::error_code ignored;
    return fs::last_write_time(a.file, ignored) > fs::last_write_time(b.file, ignored);
  });
  return list;
}

Json Uploads::describe(const Upload& upload) {
  const auto name = upload.file.filename().string();
  const auto extension = upload.file.extension();
  Json columns;
  if (extension == ".csv" || extension == ".tsv" || extension == ".txt")
    if (const auto names = csv_columns(first_line_of(upload.file)); !names.empty()) columns = names;
  return {{"id", upload.id},
          {"name", name},
          {"bytes", upload.bytes},
          {"value", "upload:" + upload.id + "/" + name},
          {"columns", columns}};
}

Json Uploads::receive(HttpRequest& request, const std::string& name) {
  const auto too_large = [&] {
    return HttpError(413, fmt::format("the file is larger than the {} MiB that an upload may have here "
                                      "('offprint serve --upload-limit')",
                                      settings_.file_limit >> 20U));
  };
  if (request.content_length.value_or(0) > settings_.file_limit) throw too_large();
  const std::string safe = safe_file_name(name);
  const std::string id = random_hex(8);
  const auto folder = settings_.folder / id;
  {
    const std::lock_guard lock(mutex_);
    const auto list = all();
    if (list.size() + arriving_count_ >= settings_.count_limit)
      throw HttpError(507, fmt::format("{} files are uploaded already; remove some first", list.size()));
    ++arriving_count_;
    fs::create_directories(folder);
  }
  std::uint64_t bytes = 0;
  bool over = false;
  bool full = false;
  bool whole = false;
  bool written = false;
  {
    std::ofstream out(folder / ".part", std::ios::binary);
    whole = request.read_body([&](std::string_view piece) {
      bytes += piece.size();
      over = bytes > settings_.file_limit;
      const std::lock_guard lock(mutex_);
      arriving_ += piece.size();
      full = stored_ + arriving_ > settings_.total_limit;
      if (over || full) return false;
      out << piece;
      return static_cast<bool>(out);
    });
    out.flush();
    written = static_cast<bool>(out);
  }
  const std::lock_guard lock(mutex_);
  arriving_ -= bytes;
  --arriving_count_;
  std::error_code ignored;
  if (over || full || !whole || !written || bytes == 0) {
    fs::remove_all(folder, ignored);
    if (over) throw too_large();
    if (full) throw HttpError(507, "the place for uploads is full; remove some first");
    if (!written) throw HttpError(507, "the file could not be written: the disk may be full");
    if (whole) throw HttpError(400, "the upload is empty; its bytes belong into the request's body");
    throw HttpError(400, "the upload ended before the file did");
  }
  fs::rename(folder / ".part", folder / safe);
  stored_ += bytes;
  return describe({id, folder / safe, bytes});
}

Json Uploads::list() const {
  const std::lock_guard lock(mutex_);
  Json list = Json::array();
  for (const auto& upload : all()) list.push_back(describe(upload));
  return list;
}

void Uploads::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  std::error_code error;
  if (!is_upload_id(id) || fs::exists(settings_.folder / id / ".part", error) ||
      fs::remove_all(settings_.folder / id, error) == 0)
    throw HttpError(404, fmt::format("there is no upload '{}'", is_upload_id(id) ? id : "?"));
  count_bytes();
}

fs::path Uploads::find(const std::string& id_and_file) const {
  const auto slash = id_and_file.find('/');
  const auto id = id_and_file.substr(0, slash);
  const auto name = slash == std::string::npos ? "" : id_and_file.substr(slash + 1);
  std::error_code error;
  const auto path = settings_.folder / id / name;
  if (is_upload_id(id) && !name.empty() && name == safe_file_name(name) &&
      fs::symlink_status(path, error).type() == fs::file_type::regular)
    return fs::canonical(path);
  throw InputError("there is no such upload; it may have expired (uploads are kept for a day): upload the file again");
}

void Uploads::expire(const std::function<bool(const std::string&)>& in_use) {
  const std::lock_guard lock(mutex_);
  const auto now = fs::file_time_type::clock::now();
  for (const auto& upload : all()) {
    std::error_code error;
    const auto written = fs::last_write_time(upload.file, error);
    if (!error && now - written > settings_.lifetime && !in_use(fs::canonical(upload.file, error).string()))
      fs::remove_all(upload.file.parent_path(), error);
  }
  count_bytes();
}

std::string resolve_path_option(const std::string& value, const AllowedFolders& folders, const Uploads& uploads) {
  const auto find = [&](const std::string& path) {
    return path.starts_with("upload:") ? uploads.find(path.substr(7)).string() : folders.confined(path).string();
  };
  const auto colon = value.rfind(':');
  const bool named = colon != std::string::npos && colon != 6 && value.find('/', colon) == std::string::npos;
  if (!named) return find(value);
  try {
    return find(value);  // a file whose name holds a colon
  } catch (const InputError&) {
    return find(value.substr(0, colon)) + value.substr(colon);
  }
}

}  // namespace offprint::page
