// @ts-check
/**
 * The shapes that the server sends, for editors; nothing here runs.
 *
 * @typedef {"offline"|"available"|"paused"} RepState
 * @typedef {{name:string,title:string,role:string,state:RepState,reason:string,load:number,
 *   capacity:number,skills:string[],queues:string[],since_ms:number}} Me
 * @typedef {{name:string,title:string,waiting:number,oldest_wait_s:number,at_risk:number,
 *   breached:number,offered:number,accepted:number,open:number,window_s:number,
 *   unroutable:Record<string,number>}} Queue
 * @typedef {{text:string,channel:string,author:{handle:string,name?:string,followers?:number},
 *   posted_at?:string,detected_at?:string,url?:string,lang?:string,flags?:string[],community?:null|{thread:string,
 *   position:string,title:string,url:string,standing:{role:string,posts:number,accepted:number,kudos:number,trust:number}}}} Mention
 * @typedef {{sentiment:{label:string,confidence:number,negative:number,neutral:number,
 *   positive:number},lang?:string,intent:string,urgency:number,urgency_why:string[],pillar?:string,pillar_why?:string[],
 *   complaint?:number|null,emotion?:string,irony?:number|null,
 *   model:string}} Score
 * @typedef {{customer_id:string,name:string,tier:string,value:number,lang:string,
 *   preferred_channel:string,open_cases:number,products:string[],known:boolean,
 *   credit:number,rewards:number,household:string,influence:number,adoption:number,social:string[],missing:boolean,
 *   advocacy:string,advocacy_source:string,advocacy_ms:number}} Profile
 * @typedef {{labels:string[],draft:string,macro:string}} Advice
 * @typedef {{task_id:string,mention_id:string,state:string,queue:string,queue_title:string,
 *   priority:number,version:number,level:number,detected_ms:number,due_ms:number,
 *   at_risk_ms:number,sla:"ok"|"at_risk"|"breached"|"met",rep:string,offered_ms:number,
 *   expires_ms:number,reason:string,rule:string,advice?:Advice,mention:Mention,score:Score,profile:Profile,
 *   reply:null|{text:string,at_ms:number},pending?:boolean,hops:number,skills:string[],weight:number,
 *   clock:string,for_rep:string,for_until_ms:number,handed_on:null|{by:string,reason:string,
 *   from_queue:string},assigned:null|{by:string,reason:string},first_reply_ms:number,
 *   resolution_ms:number,wrap_ends_ms:number,until_ms:number,waits_for:string,unroutable:string,
 *   flights?:import("./flights-types.js").OnCard[]|null}} Card
 * @typedef {{me:Me,offer:Card|null,tasks:Card[],parked:Card[],queues:Queue[],now_ms:number,
 *   colleagues:{name:string,title:string}[],all_queues:{name:string,title:string}[],read_only:boolean,follows:number,
 *   last_event_id:string,offer_seconds:number,sla_seconds:number,
 *   told:import("./rule-notices.js").News|null}} DeskSnapshot
 * @typedef {{name:string,title:string,state:RepState,reason:string,load:number,capacity:number,
 *   since_ms:number,skills:string[],queues:string[],tasks:{task_id:string,state:string,
 *   queue:string,sla:string,due_ms:number}[]}} FloorRep
 * @typedef {{queues:Queue[],reps:FloorRep[],totals:{waiting:number,offered:number,
 *   accepted:number,at_risk:number,breached:number},now_ms:number,last_event_id:string,
 *   told?:import("./rule-notices.js").News|null}} Floor
 */
export {};
