// The network once more, as arrays that are searched from end to end: what each user sees and may do, said naively.

export type Refusal = "RW_NOT_FOUND" | "RW_ACCESS_DENIED" | "RW_INPUT_INVALID" | "RW_UNIQUE";

export interface ModelUser {
  readonly name: string;
  isPrivate: boolean;
  readonly exceptions: Map<ModelUser, "allow" | "block">;
}
export interface ModelPost {
  readonly author: ModelUser;
  text: string;
  /** What the network calls it. */
  id: string;
}
interface Said {
  readonly author: ModelUser;
  readonly text: string;
  id: string;
}
export interface ModelComment extends Said {
  readonly post: ModelPost;
}
export interface ModelMessage extends Said {
  readonly channel: ModelChannel;
}
export interface ModelChannel {
  readonly name: string;
  readonly owner: ModelUser;
  readonly roles: Map<ModelUser, "moderator" | "banned">;
}

class Refused extends Error {
  readonly code: Refusal;
  constructor(code: Refusal) {
    super(code);
    this.code = code;
  }
}

function refuseUnless(holds: boolean, code: Refusal): void {
  if (!holds) throw new Refused(code);
}

export class Model {
  users: ModelUser[] = [];
  /** Oldest first, as all lists are. */
  posts: ModelPost[] = [];
  follows: { readonly from: ModelUser; readonly to: ModelUser }[] = [];
  likes: { readonly by: ModelUser; readonly post: ModelPost }[] = [];
  comments: ModelComment[] = [];
  channels: ModelChannel[] = [];
  joined: { readonly user: ModelUser; readonly channel: ModelChannel }[] = [];
  messages: ModelMessage[] = [];

  /** What the action is refused for; undefined where it takes place. */
  attempt(action: () => void): Refusal | undefined {
    try {
      action();
      return undefined;
    } catch (error) {
      if (error instanceof Refused) return error.code;
      throw error;
    }
  }

  // ---- who sees what -------------------------------------------------------------------------------------------

  sees(viewer: ModelUser, user: ModelUser): boolean {
    if (!this.users.includes(user)) return false;
    if (viewer === user) return true;
    const exception = user.exceptions.get(viewer);
    return exception === undefined ? !user.isPrivate : exception === "allow";
  }

  seesPost(viewer: ModelUser, post: ModelPost): boolean {
    return this.posts.includes(post) && this.sees(viewer, post.author);
  }

  seesChannel(viewer: ModelUser, channel: ModelChannel): boolean {
    if (!this.channels.includes(channel)) return false;
    if (viewer === channel.owner) return true;
    const role = channel.roles.get(viewer);
    return role === undefined ? channel.owner.exceptions.get(viewer) !== "block" : role === "moderator";
  }

  #moderates(user: ModelUser, channel: ModelChannel): boolean {
    return user === channel.owner || channel.roles.get(user) === "moderator";
  }

  directory(viewer: ModelUser): string[] {
    const seen = this.users.filter((user) => this.sees(viewer, user));
    return seen.map(({ name }) => name).sort();
  }

  profile(viewer: ModelUser, user: ModelUser): object {
    const seen = this.follows.filter(({ from, to }) => this.sees(viewer, from) && this.sees(viewer, to));
    return {
      posts: this.posts.filter(({ author }) => author === user).length,
      followers: seen.filter(({ to }) => to === user).length,
      following: seen.filter(({ from }) => from === user).length,
      isFollowed: seen.some(({ from, to }) => from === viewer && to === user),
    };
  }

  feed(viewer: ModelUser): object[] {
    return this.posts
      .filter(({ author }) => this.sees(viewer, author))
      .filter(({ author }) => author === viewer || this.#follows(viewer, author))
      .reverse()
      .map((post) => ({
        author: post.author.name,
        text: post.text,
        likes: this.likers(viewer, post).length,
        comments: this.commentsOn(viewer, post).length,
        isLiked: this.likes.some((like) => like.by === viewer && like.post === post),
      }));
  }

  #follows(from: ModelUser, to: ModelUser): boolean {
    return this.follows.some((edge) => edge.from === from && edge.to === to);
  }

  likers(viewer: ModelUser, post: ModelPost): string[] {
    const seen = this.likes.filter((like) => like.post === post && this.sees(viewer, like.by));
    return seen.map(({ by }) => by.name);
  }

  commentsOn(viewer: ModelUser, post: ModelPost): string[] {
    const seen = this.comments.filter((each) => each.post === post && this.sees(viewer, each.author));
    return seen.map(({ author, text }) => `${author.name}: ${text}`);
  }

  trending(viewer: ModelUser): { tag: string; posts: number }[] {
    const counts = new Map<string, number>();
    for (const { text } of this.posts.filter((post) => this.seesPost(viewer, post)))
      for (const word of new Set(text.split(" ").filter((word) => word.startsWith("#"))))
        counts.set(word.slice(1), (counts.get(word.slice(1)) ?? 0) + 1);
    const all = [...counts].map(([tag, posts]) => ({ tag, posts }));
    return all.sort((a, b) => b.posts - a.posts || (a.tag < b.tag ? -1 : 1));
  }

  channelsSeen(viewer: ModelUser): ModelChannel[] {
    const seen = this.channels.filter((channel) => this.seesChannel(viewer, channel));
    return seen.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  messagesIn(viewer: ModelUser, channel: ModelChannel): string[] {
    const seen = this.messages.filter((each) => each.channel === channel && this.sees(viewer, each.author));
    return seen.reverse().map(({ author, text }) => `${author.name}: ${text}`);
  }

  members(viewer: ModelUser, channel: ModelChannel): string[] {
    const seen = this.joined.filter((each) => each.channel === channel && this.sees(viewer, each.user));
    return seen.map(({ user }) => user.name);
  }

  // ---- what users do -------------------------------------------------------------------------------------------

  #require(user: ModelUser): void {
    refuseUnless(this.users.includes(user), "RW_NOT_FOUND");
  }

  post(author: ModelUser, post: ModelPost): void {
    this.#require(author);
    this.posts.push(post);
  }

  editPost(user: ModelUser, post: ModelPost, text: string): void {
    this.#requireOwn(user, post);
    post.text = text;
  }

  deletePost(user: ModelUser, post: ModelPost): void {
    this.#requireOwn(user, post);
    this.#dropPosts((each) => each === post);
  }

  #requireOwn(user: ModelUser, post: ModelPost): void {
    this.#require(user);
    refuseUnless(this.seesPost(user, post), "RW_NOT_FOUND");
    refuseUnless(post.author === user, "RW_ACCESS_DENIED");
  }

  #dropPosts(goes: (post: ModelPost) => boolean): void {
    this.posts = this.posts.filter((post) => !goes(post));
    this.likes = this.likes.filter(({ post }) => !goes(post));
    this.comments = this.comments.filter(({ post }) => !goes(post));
  }

  toggleLike(by: ModelUser, post: ModelPost): void {
    this.#require(by);
    refuseUnless(this.seesPost(by, post), "RW_NOT_FOUND");
    const others = this.likes.filter((like) => like.by !== by || like.post !== post);
    this.likes = others.length < this.likes.length ? others : [...this.likes, { by, post }];
  }

  removeLike(user: ModelUser, post: ModelPost, by: ModelUser): void {
    this.#require(user);
    refuseUnless(this.seesPost(user, post) && this.sees(user, by), "RW_NOT_FOUND");
    const others = this.likes.filter((like) => like.by !== by || like.post !== post);
    refuseUnless(others.length < this.likes.length, "RW_NOT_FOUND");
    refuseUnless(user === by || user === post.author, "RW_ACCESS_DENIED");
    this.likes = others;
  }

  comment(comment: ModelComment): void {
    this.#require(comment.author);
    refuseUnless(this.seesPost(comment.author, comment.post), "RW_NOT_FOUND");
    this.comments.push(comment);
  }

  deleteComment(user: ModelUser, comment: ModelComment): void {
    this.#require(user);
    const { author, post } = comment;
    const isSeen = this.comments.includes(comment) && this.seesPost(user, post) && this.sees(user, author);
    refuseUnless(isSeen, "RW_NOT_FOUND");
    refuseUnless(user === author || user === post.author, "RW_ACCESS_DENIED");
    this.comments = this.comments.filter((each) => each !== comment);
  }

  follow(from: ModelUser, to: ModelUser): void {
    this.#requireUser(from, to);
    refuseUnless(from !== to, "RW_INPUT_INVALID");
    if (!this.#follows(from, to)) this.follows.push({ from, to });
  }

  unfollow(from: ModelUser, to: ModelUser): void {
    this.#requireUser(from, to);
    this.follows = this.follows.filter((edge) => edge.from !== from || edge.to !== to);
  }

  #requireUser(user: ModelUser, other: ModelUser): void {
    this.#require(user);
    refuseUnless(this.sees(user, other), "RW_NOT_FOUND");
  }

  setPrivacy(user: ModelUser, isPrivate: boolean): void {
    this.#require(user);
    user.isPrivate = isPrivate;
  }

  setAccess(user: ModelUser, other: ModelUser, access: "allow" | "block" | "default"): void {
    this.#requireUser(user, other);
    refuseUnless(user !== other, "RW_INPUT_INVALID");
    if (access === "default") user.exceptions.delete(other);
    else user.exceptions.set(other, access);
    if (access === "block")
      this.follows = this.follows.filter(({ from, to }) => from !== other || to !== user);
  }

  createChannel(channel: ModelChannel): void {
    this.#require(channel.owner);
    refuseUnless(
      this.channels.every(({ name }) => name !== channel.name),
      "RW_UNIQUE",
    );
    this.channels.push(channel);
    this.joined.push({ user: channel.owner, channel });
  }

  join(user: ModelUser, channel: ModelChannel): void {
    this.#requireChannel(user, channel);
    if (!this.#hasJoined(user, channel)) this.joined.push({ user, channel });
  }

  leave(user: ModelUser, channel: ModelChannel): void {
    this.#requireChannel(user, channel);
    this.#dropMember(user, channel);
  }

  #dropMember(user: ModelUser, channel: ModelChannel): void {
    this.joined = this.joined.filter((each) => each.user !== user || each.channel !== channel);
  }

  #hasJoined(user: ModelUser, channel: ModelChannel): boolean {
    return this.joined.some((each) => each.user === user && each.channel === channel);
  }

  #requireChannel(user: ModelUser, channel: ModelChannel): void {
    this.#require(user);
    refuseUnless(this.seesChannel(user, channel), "RW_NOT_FOUND");
  }

  say(message: ModelMessage): void {
    this.#requireChannel(message.author, message.channel);
    refuseUnless(this.#hasJoined(message.author, message.channel), "RW_ACCESS_DENIED");
    this.messages.push(message);
  }

  deleteMessage(user: ModelUser, message: ModelMessage): void {
    this.#require(user);
    const { author, channel } = message;
    const isSeen =
      this.messages.includes(message) && this.seesChannel(user, channel) && this.sees(user, author);
    refuseUnless(isSeen, "RW_NOT_FOUND");
    refuseUnless(user === author || this.#moderates(user, channel), "RW_ACCESS_DENIED");
    this.messages = this.messages.filter((each) => each !== message);
  }

  setRole(
    user: ModelUser,
    channel: ModelChannel,
    other: ModelUser,
    role: "moderator" | "member" | "banned",
  ): void {
    this.#requireChannel(user, channel);
    refuseUnless(this.sees(user, other), "RW_NOT_FOUND");
    refuseUnless(other !== channel.owner, "RW_INPUT_INVALID");
    refuseUnless(this.#moderates(user, channel), "RW_ACCESS_DENIED");
    if (role === "member") channel.roles.delete(other);
    else channel.roles.set(other, role);
    if (role === "banned") this.#dropMember(other, channel);
  }

  deleteChannel(user: ModelUser, channel: ModelChannel): void {
    this.#requireChannel(user, channel);
    refuseUnless(this.#moderates(user, channel), "RW_ACCESS_DENIED");
    this.#dropChannels((each) => each === channel);
  }

  #dropChannels(goes: (channel: ModelChannel) => boolean): void {
    this.channels = this.channels.filter((channel) => !goes(channel));
    this.joined = this.joined.filter(({ channel }) => !goes(channel));
    this.messages = this.messages.filter(({ channel }) => !goes(channel));
  }

  deleteUser(user: ModelUser): void {
    this.users = this.users.filter((each) => each !== user);
    this.#dropPosts(({ author }) => author === user);
    this.#dropChannels(({ owner }) => owner === user);
    this.follows = this.follows.filter(({ from, to }) => from !== user && to !== user);
    this.likes = this.likes.filter(({ by }) => by !== user);
    this.comments = this.comments.filter(({ author }) => author !== user);
    this.joined = this.joined.filter((each) => each.user !== user);
    this.messages = this.messages.filter(({ author }) => author !== user);
  }
}
