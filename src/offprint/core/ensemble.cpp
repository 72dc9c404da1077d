// Ensembles in rounds: each round's members are shared out over ranks and threads, then gathered by index.
#include "offprint/core/ensemble.hpp"

#include <algorithm>
#include <chrono>
#include <map>

#include "offprint/core/error.hpp"

namespace offprint::detail {
namespace {

using Clock = std::chrono::steady_clock;

enum class Failure : std::uint8_t { kNone, kInput, kIo, kInterrupted, kNotAvailable, kOther };

/// What one rank hands round: its members' bytes, and the first error among them.
struct Share {
  std::map<std::uint64_t, std::string> members;
  Failure failure = Failure::kNone;
  std::string message;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(members, failure, message);
  }
};

[[noreturn]] void rethrow(Failure failure, const std::string& message) {
  switch (failure) {
    case Failure::kInput:
      throw InputError(message);
    case Failure::kIo:
      throw IoError(message);
    case Failure::kInterrupted:
      throw Interrupted(message);
    case Failure::kNotAvailable:
      throw NotAvailable(message);
    default:
      throw Error(message);
  }
}

Share compute(const std::vector<std::size_t>& mine, const Parallel& how,
              const std::function<std::string(std::size_t)>& f) {
  Share share;
  std::vector<std::string> results(mine.size());
  try {
    parallel_for(mine.size(), how, [&](std::size_t k) { results[k] = f(mine[k]); });
    for (std::size_t k = 0; k < mine.size(); ++k) share.members.emplace(mine[k], std::move(results[k]));
  } catch (const InputError& e) {
    share.failure = Failure::kInput, share.message = e.what();
  } catch (const IoError& e) {
    share.failure = Failure::kIo, share.message = e.what();
  } catch (const Interrupted& e) {
    share.failure = Failure::kInterrupted, share.message = e.what();
  } catch (const NotAvailable& e) {
    share.failure = Failure::kNotAvailable, share.message = e.what();
  } catch (const std::exception& e) {
    share.failure = Failure::kOther, share.message = e.what();
  }
  return share;
}

}  // namespace

std::vector<std::string> ensemble_bytes(std::size_t n, const Parallel& how, Communicator& ranks,
                                        const EnsembleMemory& memory,
                                        const std::function<std::string(std::size_t)>& f) {
  std::map<std::uint64_t, std::string> done;
  if (memory.load)
    if (const auto kept = memory.load(); !kept.empty()) done = from_bytes<decltype(done)>(kept);
  std::vector<std::size_t> pending;
  for (std::size_t i = 0; i < n; ++i)
    if (!done.contains(i)) pending.push_back(i);

  const auto size = static_cast<std::size_t>(ranks.size());
  const auto rank = static_cast<std::size_t>(ranks.rank());
  const std::size_t width = size * (how.threads == 0 ? hardware_threads() : how.threads);
  // Rounds only bound what a kill can lose and how late a cancellation is seen by all ranks: results do not depend on
  // them.
  std::size_t round = memory.save || size > 1 ? width : pending.size();
  auto saved = Clock::now();
  const std::size_t before = done.size();
  for (std::size_t at = 0; at < pending.size();) {
    const auto start = Clock::now();
    // every rank must cut the same rounds: rank 0's clock decides
    round = from_bytes<std::uint64_t>(ranks.broadcast(to_bytes(static_cast<std::uint64_t>(round))));
    const std::size_t end = std::min(pending.size(), at + std::max<std::size_t>(round, 1));
    std::vector<std::size_t> mine;
    for (std::size_t k = at + rank; k < end; k += size) mine.push_back(pending[k]);

    Parallel part = how;
    if (how.done)
      part.done = [&, offset = before + at](std::size_t count) { how.done(offset + std::min(count * size, end - at)); };
    const Share share = compute(mine, part, f);
    if (size == 1) {
      if (share.failure != Failure::kNone) rethrow(share.failure, share.message);
      done.insert(share.members.begin(), share.members.end());
    } else {
      for (const auto& bytes : ranks.all_gather(to_bytes(share))) {
        auto theirs = from_bytes<Share>(bytes);
        if (theirs.failure != Failure::kNone) rethrow(theirs.failure, theirs.message);
        done.merge(theirs.members);
      }
    }
    at = end;
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (seconds < 0.25) round *= 2;
    if (memory.save && (at == pending.size() || Clock::now() - saved > std::chrono::seconds(1))) {
      memory.save(to_bytes(done));
      saved = Clock::now();
    }
  }
  std::vector<std::string> results;
  results.reserve(n);
  for (auto& [i, bytes] : done)
    if (i < n) results.push_back(std::move(bytes));
  return results;
}

}  // namespace offprint::detail
