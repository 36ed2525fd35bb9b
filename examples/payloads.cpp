// Payloads: plain bytes, typed handlers, and what a payload that does not fit is told.
#include <iostream>
#include <windlass/windlass.hpp>

struct Attachment {
  std::string name;
  windlass::codec::Bytes content;  // base64 in JSON, bin in MessagePack
};
WINDLASS_FIELDS(Attachment, name, content)

struct Email {
  std::string to;
  std::string subject;
  std::optional<int> priority;  // may be null or missing; every other field must be there
  std::vector<std::string> cc;
  std::vector<Attachment> attachments;
};
WINDLASS_FIELDS(Email, to, subject, priority, cc, attachments)

// The handlers: one gets a struct, in whichever of the two formats it came; one gets the bytes as they are.
windlass::Mux make_mux() {
  windlass::Mux mux;
  mux.handle<Email>("email:send", [](windlass::Context& ctx, const Email& mail) {
    ctx.write_result("sent to " + mail.to);
  });
  mux.handle("file:count", [](windlass::Context& ctx) {
    ctx.write_result(std::to_string(ctx.payload().bytes().size()));
  });
  return mux;
}

int main() {
  Email mail{.to = "ada@example.org", .subject = "Welcome", .priority = {}, .cc = {"bob@example.org"}, .attachments = {}};
  mail.attachments.push_back({.name = "hi.txt", .content = windlass::codec::Bytes("hello")});

  const std::string json = windlass::codec::to_json(mail);
  const std::string msgpack = windlass::codec::to_msgpack(mail);
  std::cout << json << "\nMessagePack: " << msgpack.size() << " bytes\n";

  // What mux.handle<Email> does for you.
  const windlass::Result<Email> back = windlass::codec::decode<Email>(msgpack);
  std::cout << (back ? back->subject : back.error().message()) << '\n';

  const auto bad = windlass::codec::decode<Email>(R"({"to":"ada@example.org","subject":"x","cc":["bob",7]})");
  std::cout << bad.error().message() << '\n';
  std::cout << make_mux().find_pattern("email:send:now") << '\n';
}
