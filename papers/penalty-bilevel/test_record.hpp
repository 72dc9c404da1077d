// A run record that tests look into: what a reader would see.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "offprint/core/run.hpp"

namespace offprint::papers::penalty_bilevel {

class TestRecord : public RunRecord {
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

  std::map<std::string, double> metrics;
  std::map<std::string, Table> tables;
  std::set<std::string> figures;
  std::vector<std::string> notes;

 private:
  std::filesystem::path folder_;
};

}  // namespace offprint::papers::penalty_bilevel
