// Atomic files over POSIX open, fsync and rename.
#include "offprint/core/atomic_file.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

constexpr std::size_t kGather = std::size_t{1} << 18;

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// The process and the time make the name; O_EXCL settles what is left to chance.
std::filesystem::path temporary_name(const std::filesystem::path& target) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  std::string name = target.filename().string().substr(0, 200);  // room for the suffix within NAME_MAX
  return folder_of(target) / ("." + name + "." + std::to_string(::getpid()) + "-" + std::to_string(now) + ".tmp");
}

}  // namespace

std::string describe_errno(int error) {
  switch (error) {
    case ENOSPC:
      return "disk full";
    case EDQUOT:
      return "disk quota used up";
    case EACCES:
    case EPERM:
      return "permission denied";
    case ENOENT:
      return "no such file or folder";
    case EROFS:
      return "the file system is read-only";
    case EISDIR:
      return "it is a folder";
    case ENOTDIR:
      return "a part of the path is not a folder";
    case EFBIG:
      return "the file would exceed the largest allowed size";
    default:
      return std::generic_category().message(error);
  }
}

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path), target_(path) {
  if (path_.filename().empty()) throw IoError("cannot write '" + path_.string() + "': it is not the name of a file");
  struct stat existing {};
  const bool exists = ::stat(path_.c_str(), &existing) == 0;
  if (exists && S_ISDIR(existing.st_mode)) fail(EISDIR);
  if (exists && !S_ISREG(existing.st_mode)) {
    direct_ = true;
    temporary_ = target_;
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail(errno);
    return;
  }
  std::error_code ignored;
  if (std::filesystem::is_symlink(path_, ignored)) target_ = std::filesystem::weakly_canonical(path_);

  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts && descriptor_ < 0; ++attempt) {
    temporary_ = temporary_name(target_);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) {
      if (errno == ENOENT)
        throw IoError("cannot write '" + path_.string() + "': the folder '" + folder_of(target_).string() +
                      "' does not exist");
      fail(errno);
    }
  }
  if (descriptor_ < 0) fail(EEXIST);
  if (exists) (void)::fchmod(descriptor_, existing.st_mode & 07777);
}

AtomicFile::~AtomicFile() { abandon(); }

void AtomicFile::abandon() noexcept {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  descriptor_ = -1;
  if (!direct_) ::unlink(temporary_.c_str());
}

void AtomicFile::fail(int error) {
  abandon();
  throw IoError("cannot write '" + path_.string() + "': " + describe_errno(error));
}

void AtomicFile::write_through(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AtomicFile::flush() {
  write_through(gathered_);
  gathered_.clear();
}

void AtomicFile::write(std::string_view bytes) {
  if (descriptor_ < 0) throw IoError("cannot write '" + path_.string() + "': it is already closed");
  if (gathered_.size() + bytes.size() > kGather) flush();
  if (bytes.size() >= kGather) {
    write_through(bytes);
  } else {
    gathered_.append(bytes);
  }
}

void AtomicFile::commit() {
  if (descriptor_ < 0) throw IoError("cannot write '" + path_.string() + "': it is already closed");
  flush();
  // pipes and some devices cannot be synced, and need not be
  if (::fsync(descriptor_) != 0 && !(direct_ && (errno == EINVAL || errno == EROFS))) fail(errno);
  if (direct_) {
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0) fail(errno);
    return;
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail(errno);
  // The rename itself is durable only when the folder is synced; file systems that cannot do this report EINVAL.
  const int folder = ::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // a folder that may be written but not listed
  const int synced = ::fsync(folder);
  const int error = errno;
  ::close(folder);
  if (synced != 0 && error != EINVAL) fail(error);
}

void write_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace offprint
