// Connection: one client of a server: reads a request, waits for its response, writes it, and so on.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "http/event_stream.hpp"
#include "http/loop.hpp"
#include "http/parser.hpp"
#include "net/transport.hpp"

namespace windlass::http {

// Confined to the loop.
class Connection {
 public:
  Connection(Loop& loop, std::uint64_t id, std::unique_ptr<net::LoopTransport> transport, std::string peer);
  ~Connection();

  // Does all that can be done without waiting, then says what it waits for. It may be closed afterwards.
  void go_on();
  // The response to the request that was handed over.
  void respond(Response response, bool head_only);
  // The server stops: what is idle ends, requests under way are the last ones, streams end.
  void stop();
  // The loop is gone.
  void abandon();

 private:
  enum class Phase : std::uint8_t {
    kRequest,   // for the next one, or its rest
    kHandling,  // a worker has it
    kResponse,  // being written
    kStream,    // an event stream
    kLinger,    // a refusal is written; what the client still sends is thrown away, so that it gets to see it
  };

  bool read();                   // false: the connection has ended
  bool write();                  // false: the connection has ended
  bool take_request();           // false: more bytes are needed
  void answer(Response response, bool head_only);
  bool finish_response();        // false: nothing is left to do
  void wait_again();
  void close();
  void wait_for(net::Interest interest);
  void set_timer(Duration due);
  void time_is_up();
  Duration deadline() const;
  void queue(SharedBytes bytes, bool of_stream);

  Loop& loop_;
  const std::uint64_t id_;
  const std::unique_ptr<net::LoopTransport> transport_;
  const std::string peer_;
  RequestParser parser_;
  Event read_event_, write_event_, timer_event_;

  Phase phase_ = Phase::kRequest;
  std::string input_;
  bool keep_alive_ = true;
  bool closed_ = false;
  Duration since_;         // when the phase, the request or the last progress of the write began
  std::shared_ptr<EventStream> stream_;

  struct Chunk {
    SharedBytes bytes;
    bool of_stream = false;
  };
  std::deque<Chunk> output_;
  std::size_t output_taken_ = 0;  // of the first chunk

  bool waits_read_ = false, waits_write_ = false;
  Duration timer_{};              // 0: none
};

}  // namespace windlass::http
