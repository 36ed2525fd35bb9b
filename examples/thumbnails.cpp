// Thumbnails of the images (PPM) in a folder. Code that parses files of strangers runs in child processes: a crash
// fails one task. The thumbnail is renamed into place, so a run that is repeated does no harm, and nobody ever sees
// half a file.
//   thumbnails BROKER FOLDER
#include <filesystem>
#include <fstream>
#include <iostream>
#include <windlass/windlass.hpp>

using namespace windlass::literals;
namespace fs = std::filesystem;

struct Thumbnail { std::string file; int width; };
WINDLASS_FIELDS(Thumbnail, file, width)

struct Image { int width = 0, height = 0; std::string pixels; };  // three bytes each

Image read_ppm(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file + " cannot be read");  // perhaps it can later: retried
  Image image;
  std::string magic;
  int max = 0;
  in >> magic >> image.width >> image.height >> max;
  in.get();
  const auto sensible = [](int size) { return size >= 1 && size <= 20000; };
  if (!in || magic != "P6" || max != 255 || !sensible(image.width) || !sensible(image.height))
    throw windlass::SkipRetry(file + " is no image");            // never will be: archived at once
  image.pixels.resize(std::size_t{3} * image.width * image.height);
  in.read(image.pixels.data(), static_cast<std::streamsize>(image.pixels.size()));
  if (!in) throw windlass::SkipRetry(file + " is cut off");
  return image;
}

Image shrink(const Image& image, int width) {
  Image small{.width = width, .height = std::max(1, image.height * width / image.width), .pixels = {}};
  for (int y = 0; y < small.height; ++y)
    for (int x = 0; x < small.width; ++x) {
      const std::size_t row = y * image.height / small.height, column = x * image.width / small.width;
      small.pixels.append(image.pixels, 3 * (row * image.width + column), 3);
    }
  return small;
}

void make_thumbnail(windlass::Context& ctx, const Thumbnail& order) {
  const Image small = shrink(read_ppm(order.file), order.width);
  const std::string done = order.file + ".thumb", part = done + "." + ctx.task_id();
  std::ofstream(part, std::ios::binary) << "P6 " << small.width << ' ' << small.height << " 255\n" << small.pixels;
  fs::rename(part, done);
  ctx.write_result(done);
}

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: thumbnails BROKER FOLDER\n", 2;
  windlass::Mux mux;
  mux.handle<Thumbnail>("thumbnail", make_thumbnail,
                        {.isolation = windlass::Isolation::kProcess, .cpu_time_max = std::chrono::seconds(60)});
  windlass::serve_if_child(mux);  // children stop here: they must not enqueue

  auto broker = windlass::open_broker(argv[1]);
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;
  std::vector<windlass::Task> tasks;
  for (const auto& entry : fs::directory_iterator(argv[2])) {
    if (entry.path().extension() != ".ppm") continue;
    tasks.emplace_back("thumbnail", windlass::codec::to_json(Thumbnail{entry.path().string(), 64}));
  }
  windlass::Client client(*broker);
  for (const auto& stored : client.enqueue_batch(tasks, windlass::EnqueueOptions().max_retry(3)))
    if (!stored) return std::cerr << stored.error().message() << '\n', 1;

  windlass::Server server(*broker);
  return server.start(mux) && server.wait_until_empty() ? 0 : 1;
}
