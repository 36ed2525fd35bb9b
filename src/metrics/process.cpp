#include "metrics/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace windlass::metrics {
namespace {

// The fields of /proc/self/stat from the third on: behind the name, which may hold blanks and parentheses.
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == line.npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

double boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

double open_files() {
  std::error_code failed;
  double n = -1;  // the folder that is looked at is open itself
  for (std::filesystem::directory_iterator it("/proc/self/fd", failed), end; !failed && it != end; it.increment(failed)) ++n;
  return n;
}

double open_files_max() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

}  // namespace

void collect_process(MetricSamples& samples) {
  const std::vector<std::string> stat = stat_fields();
  if (stat.size() < 22) return;
  const auto field = [&](std::size_t number) { return std::stod(stat[number - 3]); };  // as proc(5) counts them
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  samples.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {}, (field(14) + field(15)) / ticks);
  samples.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", {},
                boot_time() + field(22) / ticks);
  samples.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", {}, field(23));
  samples.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", {}, field(24) * page);
  samples.gauge("process_open_fds", "Number of open file descriptors.", {}, open_files());
  samples.gauge("process_max_fds", "Maximum number of open file descriptors.", {}, open_files_max());
}

}  // namespace windlass::metrics
