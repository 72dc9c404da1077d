// A run record that tests of rooms look into: what a reader would see.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "offprint/core/run.hpp"

namespace offprint::papers {

struct Seen {
  std::map<std::string, double> metrics;
  std::map<std::string, Table> tables;
  std::set<std::string> figures;
  std::vector<std::string> notes;
  std::string error;  // what an InputError said, where the test keeps it

  [[nodiscard]] Json cell(const std::string& table, std::size_t row, const std::string& column) const {
    const Table& t = tables.at(table);
    return t.rows.at(row).at(position(t, column));
  }
  [[nodiscard]] std::string text(const std::string& table, std::size_t row, const std::string& column) const {
    return cell(table, row, column).get<std::string>();
  }
  [[nodiscard]] std::vector<double> column(const std::string& table, const std::string& name) const {
    const Table& t = tables.at(table);
    std::vector<double> values;
    for (const auto& row : t.rows) values.push_back(row.at(position(t, name)).get<double>());
    return values;
  }

 private:
  static std::size_t position(const Table& t, const std::string& column) {
    return static_cast<std::size_t>(std::find(t.columns.begin(), t.columns.end(), column) - t.columns.begin());
  }
};

/// Keeps results by name, whatever claim they belong to. Artifacts are written into a folder, if one is given;
/// checkpoints are not kept.
class TestRecord : public RunRecord, public Seen {
 public:
  explicit TestRecord(std::filesystem::path folder = {}) : folder_(std::move(folder)) {}
  void metric(const std::string&, const std::string& name, const Estimate& value, const std::string&) override {
    metrics[name] = value.value;
  }
  void table(const std::string&, const std::string& name, const Table& table) override { tables[name] = table; }
  void figure(const std::string&, const std::string& name, const Figure&) override { figures.insert(name); }
  void note(const std::string&, const std::string& text) override { notes.push_back(text); }
  void artifact(const std::string& name, const std::function<void(const std::filesystem::path&)>& write) override {
    if (!folder_.empty()) write(folder_ / name);
  }
  void save_checkpoint(const std::string&, const std::string&) override {}
  std::optional<std::string> load_checkpoint(const std::string&) override { return std::nullopt; }

 private:
  std::filesystem::path folder_;
};

}  // namespace offprint::papers
