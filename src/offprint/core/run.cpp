// Run: recording happens on rank 0 only; reading back is shared with all ranks.
#include "offprint/core/run.hpp"

#include "offprint/core/error.hpp"

namespace offprint {

Run::Run(RunSettings settings, RunRecord& record, Communicator& ranks, std::string scope)
    : settings_(std::move(settings)),
      record_(record),
      ranks_(ranks),
      scope_(std::move(scope)),
      last_checkpoint_(std::chrono::steady_clock::now()) {}

unsigned Run::threads() const { return settings_.threads == 0 ? hardware_threads() : settings_.threads; }

bool Run::checkpoint_due() const {
  return std::chrono::steady_clock::now() - last_checkpoint_ >= std::chrono::seconds(1);
}

void Run::save_bytes(const std::string& name, const std::string& bytes) {
  if (ranks_.rank() == 0) record_.save_checkpoint(scope_.empty() ? name : scope_ + "." + name, bytes);
  last_checkpoint_ = std::chrono::steady_clock::now();
}

std::optional<std::string> Run::load_bytes(const std::string& name) {
  std::optional<std::string> bytes;
  if (ranks_.rank() == 0) bytes = record_.load_checkpoint(scope_.empty() ? name : scope_ + "." + name);
  if (ranks_.size() == 1) return bytes;
  return from_bytes<std::optional<std::string>>(ranks_.broadcast(to_bytes(bytes)));
}

void Run::metric(const std::string& name, Estimate value, const std::string& unit) {
  if (ranks_.rank() == 0) record_.metric(scope_, name, value, unit);
}

void Run::table(const std::string& name, const Table& table) {
  for (const auto& row : table.rows)
    if (row.size() != table.columns.size())
      throw Error("table '" + name + "': a row has " + std::to_string(row.size()) + " cells for " +
                  std::to_string(table.columns.size()) + " columns");
  if (ranks_.rank() == 0) record_.table(scope_, name, table);
}

void Run::figure(const std::string& name, const Figure& figure) {
  if (ranks_.rank() == 0) record_.figure(scope_, name, figure);
}

void Run::note(const std::string& text) {
  if (ranks_.rank() == 0) record_.note(scope_, text);
}

void Run::artifact(const std::string& name, const std::function<void(const std::filesystem::path&)>& write) {
  if (ranks_.rank() == 0) record_.artifact(name, write);
}

std::filesystem::path Run::data(const std::string& name) const {
  if (!settings_.data) throw NotAvailable("data set '" + name + "' is not available to this run");
  return settings_.data(name);
}

}  // namespace offprint
