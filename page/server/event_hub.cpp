// epoll over the streams; an eventfd says that some channel has changed.
#include "page/server/event_hub.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "offprint/core/error.hpp"

namespace offprint::page {
namespace {

using Clock = std::chrono::steady_clock;

void ring(int eventfd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = write(eventfd, &one, sizeof one);  // full means that it rings already
}

}  // namespace

struct EventHub::Stream {
  FileDescriptor socket;
  std::shared_ptr<EventChannel> channel;
  std::uint64_t sent = 0;  // the last event handed out
  std::shared_ptr<const std::string> pending;
  std::size_t offset = 0;  // of `pending`
  bool waits = false;      // for the socket to take more
  Clock::time_point moved = Clock::now();
};

EventHub::EventHub() : EventHub(Settings{}) {}

EventHub::EventHub(Settings settings)
    : settings_(settings),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(std::make_shared<FileDescriptor>(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  if (!epoll_ || !*wake_) throw Error("the page cannot watch its event streams: too many open files");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_->get();
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_->get(), &event);
  thread_ = std::thread([this] { work(); });
}

EventHub::~EventHub() { stop(); }

void EventHub::wake() { ring(wake_->get()); }

std::shared_ptr<EventChannel> EventHub::channel() {
  auto channel = std::make_shared<EventChannel>();
  channel->on_change([wake = wake_] { ring(wake->get()); });
  return channel;
}

bool EventHub::add(FileDescriptor socket, std::shared_ptr<EventChannel> channel, std::uint64_t after,
                   std::string first) {
  if (stopping_ || full()) return false;
  fcntl(socket.get(), F_SETFL, fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
  auto stream = std::make_unique<Stream>();
  stream->socket = std::move(socket);
  stream->channel = std::move(channel);
  stream->sent = after;
  if (!first.empty()) stream->pending = std::make_shared<const std::string>(std::move(first));
  ++count_;
  {
    const std::lock_guard lock(mutex_);
    arriving_.push_back(std::move(stream));
  }
  wake();
  return true;
}

void EventHub::stop() {
  stopping_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
}

/// Sends as much as the socket takes. False when the stream is over.
bool EventHub::pump(Stream& s) {
  for (;;) {
    if (!s.pending) {
      std::uint64_t id = 0;
      const bool over = s.channel->closed();  // asked first: what was published before closing is still sent
      s.pending = s.channel->next(s.sent, id);
      s.offset = 0;
      if (!s.pending) {
        s.waits = false;
        return !over;
      }
      s.sent = id;
    }
    const auto n =
        send(s.socket.get(), s.pending->data() + s.offset, s.pending->size() - s.offset, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
      s.waits = errno == EAGAIN || errno == EWOULDBLOCK;
      return s.waits || errno == EINTR;
    }
    s.moved = Clock::now();
    s.offset += static_cast<std::size_t>(n);
    if (s.offset == s.pending->size()) s.pending.reset();
  }
}

void EventHub::work() {
  const auto ping = std::make_shared<const std::string>(": ping\n\n");
  const auto finish = [this](int fd) {
    const auto at = open_.find(fd);
    if (at == open_.end()) return;
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    shutdown(fd, SHUT_RDWR);
    open_.erase(at);
    --count_;
  };
  const auto watch = [this](const Stream& s, int operation) {
    epoll_event event{};
    event.events = EPOLLRDHUP | (s.waits ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
    event.data.fd = s.socket.get();
    return epoll_ctl(epoll_.get(), operation, s.socket.get(), &event) == 0;
  };
  const auto advance = [&](Stream& s) {
    const bool waited = s.waits;
    const int fd = s.socket.get();
    if (!pump(s)) {
      finish(fd);
    } else if (s.waits != waited) {
      watch(s, EPOLL_CTL_MOD);
    }
  };
  const auto tick = std::max(std::min(settings_.ping, settings_.patience) / 4, std::chrono::milliseconds(10));
  auto next_tick = Clock::now() + tick;
  std::array<epoll_event, 256> events{};
  for (;;) {
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(next_tick - Clock::now()).count();
    const int n = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                             static_cast<int>(std::max<std::int64_t>(wait, 0)));
    bool changed = false;
    for (int i = 0; i < n; ++i) {
      const auto& event = events.at(static_cast<std::size_t>(i));
      if (event.data.fd == wake_->get()) {
        std::uint64_t rung = 0;
        [[maybe_unused]] const auto got = read(wake_->get(), &rung, sizeof rung);
        changed = true;
      } else if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0U) {
        finish(event.data.fd);
      } else if (const auto at = open_.find(event.data.fd); at != open_.end()) {
        advance(*at->second);
      }
    }
    if (changed) {
      std::vector<std::unique_ptr<Stream>> fresh;
      {
        const std::lock_guard lock(mutex_);
        fresh.swap(arriving_);
      }
      for (auto& stream : fresh) {
        const int fd = stream->socket.get();
        const bool watched = watch(*stream, EPOLL_CTL_ADD);
        open_[fd] = std::move(stream);
        if (!watched) finish(fd);
      }
      std::vector<int> all;
      all.reserve(open_.size());
      for (const auto& [fd, stream] : open_)
        if (!stream->waits) all.push_back(fd);
      for (const int fd : all) advance(*open_.at(fd));
    }
    if (stopping_) break;
    if (Clock::now() < next_tick) continue;
    next_tick = Clock::now() + tick;
    std::vector<int> all;
    all.reserve(open_.size());
    for (const auto& [fd, stream] : open_) all.push_back(fd);
    for (const int fd : all) {
      Stream& s = *open_.at(fd);
      const auto silent = Clock::now() - s.moved;
      if (s.waits && silent > settings_.patience) {
        finish(fd);
      } else if (!s.waits && silent > settings_.ping) {
        s.pending = ping;
        s.offset = 0;
        advance(s);
      }
    }
  }
  std::vector<int> all;
  for (const auto& [fd, stream] : open_) all.push_back(fd);
  for (const int fd : all) finish(fd);
}

}  // namespace offprint::page
