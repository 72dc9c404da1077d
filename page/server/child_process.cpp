// fork and exec by hand: posix_spawn can neither ask for a parent-death signal nor change the OOM score of the child.
#include "page/server/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "offprint/core/error.hpp"

namespace offprint::page {
namespace {

std::pair<FileDescriptor, FileDescriptor> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Error("a run cannot be started: too many open files");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

/// What the child does between fork and exec; only async-signal-safe calls. `argv` and `folder` were made before.
[[noreturn]] void become(char* const* argv, const char* folder, int output, int errors, const char* oom, int niceness,
                         pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGINT);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGCHLD, SIGHUP}) signal(number, SIG_DFL);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, 0);
  dup2(output, 1);
  dup2(errors, 2);
  syscall(SYS_close_range, 3U, ~0U, 0U);
  const int score = open("/proc/self/oom_score_adj", O_WRONLY);
  if (score >= 0) {
    [[maybe_unused]] const auto n = write(score, oom, std::strlen(oom));
    close(score);
  }
  setpriority(PRIO_PROCESS, 0, niceness);
  if (chdir(folder) != 0) _exit(126);
  execv(argv[0], argv);
  _exit(127);
}

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/statm", pid));
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  in >> size >> resident;
  return in ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

std::uint64_t tree_bytes(pid_t pid, int depth) {
  std::uint64_t sum = resident_bytes(pid);
  if (depth == 0) return sum;
  std::ifstream in(fmt::format("/proc/{0}/task/{0}/children", pid));
  for (pid_t child = 0; in >> child;) sum += tree_bytes(child, depth - 1);
  return sum;
}

}  // namespace

ChildProcess::ChildProcess(const Settings& settings) {
  auto [out_read, out_write] = make_pipe();
  auto [err_read, err_write] = make_pipe();
  std::vector<std::string> words = settings.words;
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string folder = settings.folder.empty() ? "/" : settings.folder.string();
  const std::string oom = std::to_string(settings.oom_score_adj);
  const pid_t self = getpid();
  pid_ = fork();
  if (pid_ < 0) throw Error(fmt::format("a run cannot be started: {}", std::strerror(errno)));
  if (pid_ == 0)
    become(argv.data(), folder.c_str(), out_write.get(), err_write.get(), oom.c_str(), settings.niceness, self);
  setpgid(pid_, pid_);  // both sides, so that it is done whoever comes first
  output_ = std::move(out_read);
  errors_ = std::move(err_read);
  fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  fcntl(errors_.get(), F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  kill(-pid_, SIGKILL);
  if (!collected_)
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
}

void ChildProcess::signal(int number) const { kill(-pid_, number); }

bool ChildProcess::ended() {
  if (!collected_ && waitpid(pid_, &status_, WNOHANG) == pid_) collected_ = true;
  return collected_;
}

std::uint64_t ChildProcess::memory() const { return tree_bytes(pid_, 4); }

ProgramResult run_program(const std::vector<std::string>& words, const std::filesystem::path& folder,
                          std::chrono::seconds patience) {
  ChildProcess child({words, folder});
  ProgramResult result;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::array<char, 4096> piece{};
  while (!child.ended()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw Error(fmt::format("{} took longer than {} s and was stopped",
                              std::filesystem::path(words.front()).filename().string(), patience.count()));
    std::array<pollfd, 2> fds{{{child.output(), POLLIN, 0}, {child.errors(), POLLIN, 0}}};
    poll(fds.data(), fds.size(), 20);
    for (const bool errors : {false, true}) {
      const int fd = errors ? child.errors() : child.output();
      for (ssize_t n = 0; fd >= 0 && (n = read(fd, piece.data(), piece.size())) >= 0;) {
        if (errors && result.errors.size() < 65536) result.errors.append(piece.data(), static_cast<std::size_t>(n));
        if (n > 0) continue;
        errors ? child.close_errors() : child.close_output();
        break;
      }
    }
  }
  if (child.errors() >= 0)
    for (ssize_t n = 0; result.errors.size() < 65536 && (n = read(child.errors(), piece.data(), piece.size())) > 0;)
      result.errors.append(piece.data(), static_cast<std::size_t>(n));
  result.exit_code = WIFEXITED(child.status()) ? WEXITSTATUS(child.status()) : 128 + WTERMSIG(child.status());
  return result;
}

std::string signal_words(int number) {
  const char* words = "";
  switch (number) {
    case SIGSEGV:
      words = "a memory access of the method's code went wrong";
      break;
    case SIGKILL:
      words = "killed from outside, by somebody or by the system when memory ran out";
      break;
    case SIGABRT:
      words = "the method's code gave up";
      break;
    case SIGFPE:
      words = "an arithmetic error";
      break;
    case SIGBUS:
      words = "a file shrank under it, or the disk is full";
      break;
    case SIGILL:
      words = "an instruction that this processor does not have";
      break;
    default:
      words = strsignal(number);
  }
  return fmt::format("its process ended by signal {} ({})", number, words);
}

}  // namespace offprint::page
