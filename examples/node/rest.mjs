// Streams text over REST, with nothing installed: node rest.mjs "a prompt"
const response = await fetch("http://localhost:8000/text/stream", {
  method: "POST",
  body: JSON.stringify({ prompt: process.argv[2], max_tokens: 60, temperature: 0 }),
});

if (response.ok) {
  let rest = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split("\n\n"); // an event may come in two pieces, and two in one
    rest = events.pop();
    for (const event of events) {
      const message = JSON.parse(event.slice("data: ".length));
      process.stdout.write(message.text ?? "");
      if (["stop", "length"].includes(message.finish_reason)) {
        console.log(`\n[${message.completion_tokens} tokens, seed ${message.seed}]`);
      }
    }
  }
} else {
  console.error(`${response.status}: ${(await response.json()).detail}`);
  process.exitCode = 1;
}
