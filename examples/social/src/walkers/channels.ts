import { AccessDeniedError, Root, via, walker } from "@rootwalk/core";
import { z } from "zod";
import { now } from "../clock.ts";
import { channelOf, profileOf, refuse, toProfile } from "../lookups.ts";
import { pageOf, paging, signed } from "../paging.ts";
import { Channel, channelName, Joined, messageText, Profile, Said, topic, username } from "../types.ts";

// Grants on a record are for what differs from the rest of what its owner has: everybody may connect to a channel,
// moderators may write, who is banned may not even read.

const aChannel = { channel: channelName };
const channelReport = z.object(aChannel);

export const createChannel = walker("create_channel", {
  input: { ...aChannel, topic: topic.optional() },
  report: channelReport,
})
  .entry(Root, toProfile)
  .entry(Profile, (w, me) => {
    const channel = me.connect(Channel, { name: w.channel, topic: w.topic }, via(Joined));
    channel.grant("connect");
    w.report({ channel: w.channel });
  });

/** Joining again changes nothing. */
export const joinChannel = walker("join_channel", { input: aChannel, report: channelReport })
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    const channel = await channelOf(w, w.channel);
    const hasJoined = await me.out(Joined).filter({ name: w.channel }).exists();
    if (!hasJoined) me.link(channel, via(Joined));
    w.report({ channel: w.channel });
  });

/** What was said stays. */
export const leaveChannel = walker("leave_channel", { input: aChannel, report: channelReport })
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    await me.disconnect(await channelOf(w, w.channel), Joined);
    w.report({ channel: w.channel });
  });

const message = z.object({ id: z.string(), author: username, text: messageText, at: z.int() });
const madeMessage = z.object({ id: z.string() });

/** For members: the graph lets everybody connect to a channel, that one joins before is a rule of the app. */
export const say = walker("say", { input: { ...aChannel, text: messageText }, report: madeMessage })
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    const channel = await channelOf(w, w.channel);
    if (!(await me.out(Joined).filter({ name: w.channel }).exists())) {
      throw new AccessDeniedError({
        message: `only members speak in ${w.channel}`,
        remedy: "Join the channel first.",
        target: channel.id,
        required: "connect",
        actual: "read",
      });
    }
    w.report({ id: me.link(channel, via(Said, { text: w.text, at: now() })).id });
  });

/** What was said in a channel, newest first. */
export const readChannel = walker("read_channel", {
  input: { ...aChannel, ...paging },
  report: pageOf(message),
}).entry(Root, async (w) => {
  const channel = await channelOf(w, w.channel);
  const page = await channel.in(Said).reverse().limit(w.limit).after(w.after).pairs().page();
  w.report({ items: page.items.map(signed), next: page.next });
});

/** For its author, and for moderators of the channel. */
export const deleteMessage = walker("delete_message", {
  input: { message: z.string() },
  report: madeMessage,
}).entry(Root, async (w) => {
  (await w.require(Said, w.message)).delete();
  w.report({ id: w.message });
});

const channelCard = z.object({ name: channelName, topic });

/** All channels, or those that one has joined, by name. */
export const listChannels = walker("list_channels", {
  input: { joined: z.boolean().default(false), ...paging },
  report: pageOf(channelCard),
})
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    const channels = w.joined ? me.out(Joined) : w.nodes(Channel);
    const cards = channels.orderBy("name").select("name", "topic");
    w.report(await cards.limit(w.limit).after(w.after).page());
  });

/** Who has joined a channel, as far as this user sees them, first ones first. */
export const listMembers = walker("list_members", {
  input: { ...aChannel, ...paging },
  report: pageOf(username),
}).entry(Root, async (w) => {
  const channel = await channelOf(w, w.channel);
  const page = await channel.in(Joined).limit(w.limit).after(w.after).page();
  w.report({ items: page.items.map(({ username }) => username), next: page.next });
});

/** @throws AccessDeniedError for who is not its moderator */
export const setTopic = walker("set_topic", {
  input: { ...aChannel, topic },
  report: channelReport.extend({ topic }),
}).entry(Root, async (w) => {
  const channel = await channelOf(w, w.channel);
  channel.topic = w.topic;
  w.report({ channel: w.channel, topic: channel.topic });
});

/** The channel is gone, and with it everything that was said there. */
export const deleteChannel = walker("delete_channel", { input: aChannel, report: channelReport }).entry(
  Root,
  async (w) => {
    (await channelOf(w, w.channel)).delete();
    w.report({ channel: w.channel });
  },
);

/**
 * What one user is in a channel beyond the rest: a moderator may change it, remove what others said, and make others
 * moderators; who is banned sees nothing of it; `member` takes either back.
 *
 * @throws AccessDeniedError for who is not its moderator
 */
export const setRole = walker("set_role", {
  input: { ...aChannel, username, role: z.enum(["moderator", "member", "banned"]) },
  report: channelReport.extend({ username, role: z.string() }),
}).entry(Root, async (w) => {
  const channel = await channelOf(w, w.channel);
  const them = await profileOf(w, w.username);
  if (them.$ownerId === channel.$ownerId) refuse(`${w.username} owns this channel`);
  // First, for moderators may ban themselves, and then see nothing of the channel any more.
  if (w.role === "banned") await them.disconnect(channel, Joined);
  if (w.role === "member") channel.disallowRoot(them.$ownerId);
  else channel.allowRoot(them.$ownerId, w.role === "moderator" ? "write" : "none");
  w.report({ channel: w.channel, username: w.username, role: w.role });
});
