// @ts-check
/**
 * The shapes of the API of the rules, for editors; nothing here runs.
 *
 * @typedef {Record<string, any> & {id:string,file:string,kind:string,when?:string,why?:string}} Row
 * @typedef {{message:string,file:string,row:string,key:string,line:number,column:number}} Placed
 * @typedef {{number:number,digest:string,texts:Record<string,string>,rows:Row[],
 *   titles:Record<string,string>}} Version
 * @typedef {{id:string,title:string,texts:Record<string,string>,rows:Row[],based_on:number,
 *   titles:Record<string,string>,made_by:string,changed_by:string,changed_ms:number,edit:number,
 *   digest:string,problems:Placed[]}} Draft
 * @typedef {{number:number,made_ms:number,made_by:string,comment:string,skip_reason:string,
 *   based_on:number,backtest_id:string,live:boolean}} VersionHead
 * @typedef {{id:string,title:string,made_by:string,changed_by:string,changed_ms:number,edit:number,
 *   based_on:number}} DraftHead
 * @typedef {{process:string,number:number,since_ms:number,heard_ms:number,problem:string}} Reader
 * @typedef {{run:number,draft_id:string,title:string,running:boolean,begun_ms:number,begun_by:string,
 *   ended_ms:number,ended_why:string,number:number,same:number,different:number,
 *   agreement:number|null}} Shadow
 * @typedef {{live:{number:number,digest:string,changed_ms:number,changed_by:string,reason:string},
 *   versions:VersionHead[],in_effect:Reader[],folder:{state:string,sentence:string},
 *   drafts:DraftHead[],shadow:Shadow|null}} Overview
 * @typedef {{added:Row[],removed:Row[],changed:{from:Row,to:Row}[],moved:string[]}} Changes
 * @typedef {{rule:string,result:"hit"|"miss"|"error"|"not_reached",detail:string}} Trace
 * @typedef {{queue:string,priority:number,window_s:number,skills:string[],rule:string,why:string,
 *   trace:Trace[]}} Decision
 * @typedef {{mention_id:string,channel:string,author:string,text:string,at_ms:number}} Said
 * @typedef {{rule:string,result:string,why:string,detail:string,
 *   failed:{condition:string,at:string,values:Record<string, any>,error:string}[]}} Explained
 */
export {};
